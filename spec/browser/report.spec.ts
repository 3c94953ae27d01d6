/** The report of the perf tool in a real browser. `npm run test:browser` runs it; Chromium has to be installed. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { expect } from 'chai'
import { page } from '../../lib/cli-perf/report/page.js'
import { earlierRun, fullReport } from '../cli-perf/support/reports.js'
import { Browser, type Layout, type Rect } from './support/browser.js'

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
/** Smaller text is hard to read. */
const SMALLEST_TEXT_PX = 8

function areOverlapping(a: Rect, b: Rect): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

function overlaps({ charts }: Layout): string[] {
  return charts.flatMap(({ title, texts }) =>
    texts.flatMap((a, i) =>
      texts
        .slice(i + 1)
        .filter((b) => areOverlapping(a, b))
        .map((b) => `${title}: ${a.text} and ${b.text}`),
    ),
  )
}

describe('The report of the perf tool in a browser', () => {
  const browser = new Browser()
  const { samples } = fullReport()
  const html = page(fullReport(), earlierRun({ samples: samples.slice(0, 250) }))

  after(() => browser.close())

  for (const widthPx of [400, 599, 601, 1280]) {
    it(`has at ${widthPx} pixels no text over another one, none outside of its chart, and nothing to scroll sideways`, async () => {
      const layout = await browser.layout(html, { widthPx })
      expect(layout.viewportPx).to.equal(widthPx)
      expect(layout.contentPx).to.equal(widthPx)
      expect(layout.overflowing).to.deep.equal([])
      expect(layout.charts.map(({ title }) => title)).to.have.lengthOf(5)
      expect(overlaps(layout)).to.deep.equal([])
      for (const { box, texts, title } of layout.charts) {
        expect(texts.length, title).to.be.greaterThan(6)
        for (const { text, left, right, top, bottom } of texts) {
          expect(left, `${title}: ${text}`).to.be.at.least(box.left - 1)
          expect(right, `${title}: ${text}`).to.be.at.most(box.right + 1)
          expect(top, `${title}: ${text}`).to.be.at.least(box.top - 1)
          expect(bottom, `${title}: ${text}`).to.be.at.most(box.bottom + 1)
          expect(bottom - top, `${title}: ${text}`).to.be.at.least(SMALLEST_TEXT_PX)
        }
      }
    })
  }

  it('is dark where the reader wants it so, and light elsewhere', async () => {
    const [light, dark] = [
      await browser.layout(html, { widthPx: 900 }),
      await browser.layout(html, { widthPx: 900, isDark: true }),
    ]
    expect([light.background, dark.background]).to.deep.equal(['rgb(248, 250, 252)', 'rgb(11, 18, 32)'])
  })

  it('can be photographed at 400 pixels, and the picture is kept to be looked at', async () => {
    const png = await browser.screenshot(html, { widthPx: 400 })
    expect(png.subarray(0, 8)).to.deep.equal(PNG)
    expect(png.readUInt32BE(16)).to.equal(400)
    expect(png.length).to.be.greaterThan(50_000)
    mkdirSync('coverage', { recursive: true })
    writeFileSync('coverage/report-400.png', png)
  })
})
