/* Runs in the browser, and leaves what it has measured as the text of the page around it: a `Layout` of browser.ts. */
{
  const rect = ({ left, right, top, bottom }) => ({ left, right, top, bottom })
  const all = (within, selector) => [...within.querySelectorAll(selector)]
  const shown = all(document, 'svg').filter((svg) => svg.getBoundingClientRect().width > 0)
  const wide = all(document, 'section, .tile, td, th, pre').filter(
    (one) => one.scrollWidth > one.clientWidth + 1,
  )
  const layout = {
    viewportPx: innerWidth,
    contentPx: document.documentElement.scrollWidth,
    charts: shown.map((svg) => ({
      box: rect(svg.getBoundingClientRect()),
      title: svg.querySelector('title').textContent,
      texts: all(svg, 'text').map((text) => ({
        ...rect(text.getBoundingClientRect()),
        text: text.textContent,
      })),
    })),
    overflowing: wide.map(({ tagName, textContent }) => `${tagName}: ${textContent}`),
    background: getComputedStyle(document.documentElement).backgroundColor,
  }
  parent.document.documentElement.innerHTML = `<body><pre>${encodeURIComponent(JSON.stringify(layout))}</pre></body>`
}
