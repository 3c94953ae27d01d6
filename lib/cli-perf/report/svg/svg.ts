/** Elements of SVG as text. Pure. */
import escapeXml from 'lodash/escape.js'

/** Of all text of a chart. */
export const FONT_PX = 12
/** Wider than any sans-serif font has its digits and lower case letters on average: what is placed by it does not touch. */
const WIDTH_OF_LETTER = 0.62

/** Without a browser nobody knows; an upper bound for the labels of a chart. */
export function textWidthPx(text: string): number {
  return text.length * FONT_PX * WIDTH_OF_LETTER
}

/** @param children - elements, already as text. */
export function element(
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly string[] = [],
): string {
  const inTag = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(value)}"`)
  const open = `<${name}${inTag.join('')}`
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`
}

export function textElement(
  name: 'text' | 'title' | 'desc',
  attributes: Readonly<Record<string, string>>,
  text: string,
): string {
  return element(name, attributes, [escapeXml(text)])
}

/** A coordinate: tenths of a pixel are enough. */
export function px(value: number): string {
  return String(Number(value.toFixed(1)))
}
