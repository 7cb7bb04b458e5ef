// Pictures that form step by step. All frames are here: the slider, the buttons and the chart move
// without the server, which is told at most on which frame the reader settled.

// The frame that the reader is on outlives a redraw, unless something else is shown.
const kept = {}
const SVG = "http://www.w3.org/2000/svg"
const [WIDTH, HEIGHT, MARGIN] = [300, 70, 6]
const PAUSE = 220 // ms a frame

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function draw(tag, attributes, parent) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  parent.append(element)
  return element
}

// Shows one tile of a row of tiles, whatever the element's size.
function showTile(element, panel, frame) {
  const at = panel.tiles > 1 ? (100 * frame) / (panel.tiles - 1) : 0
  element.style.backgroundPosition = `${at}% 0`
}

function createPanel(panel, rowTitle) {
  const picture = make("div", { className: "picture" })
  picture.setAttribute("role", "img")
  picture.setAttribute("aria-label", `${rowTitle}: ${panel.title}`)
  picture.style.backgroundImage = `url(${panel.sprite})`
  picture.style.backgroundSize = `${100 * panel.tiles}% 100%`
  const caption = make("figcaption", { textContent: panel.title })
  return { panel, picture, figure: make("figure", {}, [picture, caption]) }
}

function createChart(data, last) {
  const lines = data.rows.filter((row) => row.line.length)
  if (!lines.length) return null
  const svg = document.createElementNS(SVG, "svg")
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`)
  svg.setAttribute("preserveAspectRatio", "none")
  svg.setAttribute("aria-hidden", "true") // the sentence under the pictures says each value
  const x = (frame) => MARGIN + ((WIDTH - 2 * MARGIN) * frame) / Math.max(last, 1)
  const y = (value) => HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * value
  for (const value of [0, 0.5, 1])
    draw("line", { x1: MARGIN, x2: WIDTH - MARGIN, y1: y(value), y2: y(value), class: "grid" }, svg)
  lines.forEach((row) => {
    const index = data.rows.indexOf(row)
    const points = row.line.map((value, frame) => `${x(frame)},${y(value)}`).join(" ")
    const dash = index ? "5 3" : "none"
    draw("polyline", { points, stroke: data.colors[index], "stroke-dasharray": dash }, svg)
  })
  const cursor = draw("line", { y1: 0, y2: HEIGHT, class: "cursor" }, svg)
  const place = (frame) => {
    cursor.setAttribute("x1", x(frame))
    cursor.setAttribute("x2", x(frame))
  }
  const legend = make("p", { className: "legend" }, [
    make("span", { textContent: `${data.chart} (bottom 0 %, top 100 %)` }),
    ...lines.map((row) => {
      const index = data.rows.indexOf(row)
      const mark = make("i", { className: index ? "dashed" : "" })
      mark.style.borderColor = data.colors[index]
      return make("span", {}, [mark, row.title])
    }),
  ])
  return { element: make("div", { className: "chart" }, [legend, svg]), place }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".diffusion")
  const last = data.frames.length - 1
  const memory = (kept[data.axis] ??= { identity: "", start: -1, frame: 0 })
  if (memory.identity !== data.identity || memory.start !== data.start)
    Object.assign(memory, { identity: data.identity, start: data.start, frame: data.start })
  let timer = 0

  const title = make("strong", { className: "title" })
  const slider = make("input", { type: "range", min: 0, max: last, step: 1 })
  slider.setAttribute("aria-label", data.axis)
  const rows = data.rows.map((row, index) => {
    const panels = row.panels.map((panel) => createPanel(panel, row.title))
    const note = make("p", { className: "note" })
    const heading = make("h4", { textContent: row.title })
    heading.style.borderColor = data.colors[index]
    const className = panels.length > 3 ? "panels many" : "panels"
    const strip = make("div", { className }, panels.map((each) => each.figure))
    strip.style.setProperty("--count", panels.length)
    return { row, panels, note, element: make("section", {}, [heading, strip, note]) }
  })
  const chart = createChart(data, last)

  const show = (frame) => {
    memory.frame = frame
    slider.value = frame
    title.textContent = data.frames[frame]
    slider.setAttribute("aria-valuetext", data.frames[frame])
    for (const { row, panels, note } of rows) {
      for (const { panel, picture } of panels) showTile(picture, panel, frame)
      note.textContent = row.notes[frame]
    }
    chart?.place(frame)
  }

  const tell = () => {
    if (!data.tells) return
    memory.start = memory.frame // what comes back is what was sent: no jump
    setTriggerValue("frame", memory.frame)
  }
  const stop = () => {
    clearInterval(timer)
    timer = 0
    play.textContent = "▶ play"
  }
  const step = (by) => {
    stop()
    show(Math.min(last, Math.max(0, memory.frame + by)))
    tell()
  }
  const play = make("button", { type: "button", className: "play", textContent: "▶ play" })
  play.onclick = () => {
    if (timer) {
      stop()
      return tell()
    }
    play.textContent = "❚❚ pause"
    if (memory.frame === last) show(0)
    timer = setInterval(() => {
      show(Math.min(last, memory.frame + 1))
      if (memory.frame === last) {
        stop()
        tell()
      }
    }, PAUSE)
  }
  slider.oninput = () => {
    stop()
    show(Number(slider.value))
  }
  slider.onchange = tell
  const button = (text, label, by) => {
    const element = make("button", { type: "button", textContent: text, onclick: () => step(by) })
    element.setAttribute("aria-label", label)
    return element
  }
  const bar = make("div", { className: "bar" }, [
    play,
    button("◀", "One back", -1),
    slider,
    button("▶", "One on", 1),
  ])
  root.replaceChildren(title, bar, ...rows.map((each) => each.element))
  if (chart) root.append(chart.element)
  show(Math.min(Math.max(memory.frame, 0), last))
  return () => clearInterval(timer)
}
