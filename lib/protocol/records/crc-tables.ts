/** Tables for checksums that take up to sixteen bytes a step ("slicing"), of a polynomial with its bits reversed. */

type Four = [Int32Array, Int32Array, Int32Array, Int32Array]

/** One for each place in a step, the last byte's first: whoever takes eight bytes a step uses the first eight. */
export type CrcTables = readonly [...Four, ...Four, ...Four, ...Four]

export function buildCrcTables(polynomial: number): CrcTables {
  const tables = Array.from({ length: 16 }, () => new Int32Array(256))
  const first = tables[0]!
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1
    first[n] = c
  }
  for (let k = 1; k < tables.length; k++) {
    const previous = tables[k - 1]!
    for (let n = 0; n < 256; n++) {
      const c = previous[n]!
      tables[k]![n] = (c >>> 8) ^ first[c & 0xff]!
    }
  }
  return tables as unknown as CrcTables
}
