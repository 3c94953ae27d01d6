/** The legend of a chart: names beside a piece of their line, in as many rows as they need. Pure. */
import { element, FONT_PX, px, textElement, textWidthPx } from './svg.js'

export interface LegendItem {
  readonly name: string
  /** Of the line; null for text alone, such as the unit of an axis. */
  readonly className: string | null
}

export interface Legend {
  readonly svg: string
  readonly heightPx: number
}

const LINE_PX = 16
const LINE_GAP_PX = 5
const ITEM_GAP_PX = 18
const ROW_PX = FONT_PX + 6

export function legend(items: readonly LegendItem[], widthPx: number): Legend {
  let [x, row] = [0, 0]
  const drawn = items.map((item) => {
    const itemPx = (item.className === null ? 0 : LINE_PX + LINE_GAP_PX) + textWidthPx(item.name)
    if (x > 0 && x + itemPx > widthPx) [x, row] = [0, row + 1]
    const at = x
    x += itemPx + ITEM_GAP_PX
    return itemSvg(item, at, (row + 1) * ROW_PX - 6)
  })
  if (items.length === 0) return { svg: '', heightPx: FONT_PX / 2 }
  return { svg: element('g', { class: 'legend' }, drawn), heightPx: (row + 1) * ROW_PX }
}

function itemSvg({ name, className }: LegendItem, x: number, baseline: number): string {
  if (className === null) return textElement('text', { x: px(x), y: px(baseline) }, name)
  const y = px(baseline - FONT_PX / 3)
  const line = element('line', { class: className, x1: px(x), x2: px(x + LINE_PX), y1: y, y2: y })
  return line + textElement('text', { x: px(x + LINE_PX + LINE_GAP_PX), y: px(baseline) }, name)
}
