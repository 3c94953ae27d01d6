/** How a tool begins and ends: its command line, what was wrong with it, the exit status. */
import type { Writable } from 'node:stream'
import { ConfigError } from '../errors.js'
import { optionOf, type Tool } from './command-line.js'
import { ErrorOutput, survive } from './error-output.js'
import { UsageError } from './tool-errors.js'

export interface ToolStreams {
  readonly output: Writable
  readonly errors: Writable
}

export interface ToolOptions {
  /** Settings given as options of their own. */
  readonly explicit: ReadonlyMap<string, string>
  readonly isVerbose: boolean
  /** Path of `--classes`, or null. */
  readonly classesModule: string | null
}

/**
 * The worst comes first: some messages had no outcome in time; some failed; usage, configuration or files were wrong;
 * every message was delivered. A signal before the end gives 128 and its number instead of the last one.
 */
export const exitCodes = { unsettled: 3, failed: 2, usage: 1, delivered: 0 } as const

/** @returns the exit status; does not end the process. */
export async function runTool<Options extends ToolOptions>(
  tool: Tool,
  streams: ToolStreams,
  parse: () => Options,
  run: (options: Options, errors: ErrorOutput) => Promise<number>,
): Promise<number> {
  const errors = new ErrorOutput(streams.errors)
  survive(streams.output)
  let options: Options | null = null
  try {
    options = parse()
    return await run(options, errors)
  } catch (error) {
    if (error instanceof UsageError) {
      const stream = error.exitCode === 0 ? streams.output : streams.errors
      stream.write(error.message)
      return error.exitCode
    }
    if (!(error instanceof ConfigError)) throw error
    errors.say(explained(tool, error, options))
    return exitCodes.usage
  }
}

/** A setting that came from an option is called by the option too. */
function explained(tool: Tool, error: ConfigError, options: ToolOptions | null): string {
  const texts = error.errors.map((each) => {
    const option = options === null ? undefined : optionOf(tool, each.key, options.explicit)
    const text = options?.isVerbose ? String(each.stack) : each.message
    return option === undefined ? text : `${option}: ${text}`
  })
  return texts.join('\n')
}
