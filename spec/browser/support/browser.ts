/** A page as a real browser lays it out: Chromium without a window, and without a driver beside it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import escapeHtml from 'lodash/escape.js'

/** `CHROMIUM` names another one. */
const EXECUTABLE = process.env.CHROMIUM ?? 'chromium'
const HEIGHT_PX = 5000

export interface Rect {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

export interface ChartLayout {
  readonly box: Rect
  readonly title: string
  readonly texts: readonly (Rect & { readonly text: string })[]
}

export interface Layout {
  readonly viewportPx: number
  /** More than the viewport: the page scrolls sideways. */
  readonly contentPx: number
  /** Those that are shown. */
  readonly charts: readonly ChartLayout[]
  /** Elements whose content is wider than they are. */
  readonly overflowing: readonly string[]
  readonly background: string
}

/** Plain JavaScript: what compiles these specs would add functions of its own. */
const measureLayout = readFileSync(new URL('measure-layout.js', import.meta.url), 'utf8')

export interface Shown {
  readonly widthPx: number
  readonly isDark?: boolean
}

export class Browser {
  readonly #folder = mkdtempSync(join(tmpdir(), 'browser-'))

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async layout(html: string, shown: Shown): Promise<Layout> {
    const dom = await this.#open(framed(`${html}<script>${measureLayout}</script>`, shown), shown, [
      '--dump-dom',
    ])
    return JSON.parse(decodeURIComponent(/<pre>([^<]*)<\/pre>/.exec(dom)![1]!)) as Layout
  }

  /** @returns a PNG. */
  async screenshot(html: string, shown: Shown): Promise<Buffer> {
    const path = join(this.#folder, 'page.png')
    await this.#open(html, shown, [`--screenshot=${path}`])
    return readFileSync(path)
  }

  async #open(html: string, { widthPx, isDark = false }: Shown, what: readonly string[]): Promise<string> {
    const page = join(this.#folder, 'page.html')
    writeFileSync(page, html)
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--hide-scrollbars',
      `--user-data-dir=${join(this.#folder, 'profile')}`,
      `--window-size=${widthPx},${HEIGHT_PX}`,
      `--blink-settings=preferredColorScheme=${isDark ? 0 : 1}`,
      ...what,
      `file://${page}`,
    ]
    const { stdout } = await promisify(execFile)(EXECUTABLE, options, { maxBuffer: 64 * 1024 * 1024 })
    return stdout
  }
}

/** A window is at least 500 pixels wide, a frame as wide as one likes. */
function framed(html: string, { widthPx }: Shown): string {
  const frame = `width="${widthPx}" height="${HEIGHT_PX}" style="border: 0"`
  return `<!DOCTYPE html><iframe ${frame} srcdoc="${escapeHtml(html)}"></iframe>`
}
