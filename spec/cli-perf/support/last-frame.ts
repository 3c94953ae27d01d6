/**
 * ECharts asks for one more animation frame, which outlives the chart by 16 ms and cannot be called off. Resolves when
 * it is over: a timer that is set later and for longer ends later.
 */
export function lastFrame(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 20))
}
