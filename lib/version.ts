/** The version of this package, as a constant so that bundlers keep it; a spec compares it with package.json. */
export const version = '0.1.0'
