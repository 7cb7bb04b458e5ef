// Pictures and maps that change step by step, with lines over all steps. Everything was computed on
// the server; the slider, the play button and the choice of the measure work here alone.

const SVG = "http://www.w3.org/2000/svg"
const BOX = { width: 460, height: 210, left: 34, right: 10, top: 10, bottom: 24 }
const DASHES = ["", "7 4", "2 3", "10 3 2 3", "5 2", "1 4"]
const PAUSE = 900

// The reader's place outlives a redraw of the component, as long as it shows the same thing.
const kept = {}

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function makeSvg(tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== null) element.textContent = text
  return element
}

const at = (list, step) => (list.length === 1 ? list[0] : (list[step] ?? ""))
const show = (value) => (value === null || value === undefined ? "none" : value.toFixed(2))

function drawPanel(panel, photos, isSmall) {
  const photo = make("img", { className: "photo", alt: `${panel.title}: the picture` })
  const map = make("img", { className: "map", alt: `${panel.title}: the map over it` })
  const note = make("small")
  const stack = make("div", { className: isSmall ? "stack small" : "stack" }, [photo, map])
  const element = make("figure", {}, [make("figcaption", { textContent: panel.title }), stack, note])
  const move = (step) => {
    photo.src = at(panel.photos.length ? panel.photos : photos, step)
    const overlay = at(panel.overlays, step)
    map.hidden = !overlay
    if (overlay) map.src = overlay
    note.textContent = at(panel.notes, step)
  }
  return { element, move }
}

function drawChart(data, measure) {
  const last = data.frames.length - 1
  const toX = (step) => BOX.left + (step / Math.max(1, last)) * (BOX.width - BOX.left - BOX.right)
  const share = (value) => (value - measure.low) / (measure.high - measure.low)
  const toY = (value) => BOX.top + (1 - Math.min(1, Math.max(0, share(value)))) * (BOX.height - BOX.top - BOX.bottom)
  const described = data.series.map((each) => `${each.title} ${show(each.values[measure.name].at(-1))}`)
  const svg = makeSvg("svg", {
    viewBox: `0 0 ${BOX.width} ${BOX.height}`,
    role: "img",
    "aria-label": `${measure.name} at the last step: ${described.join("; ")}`,
  })
  for (let tick = measure.low; tick <= measure.high; tick += 0.5) {
    svg.append(makeSvg("line", { class: "grid", x1: toX(0), x2: toX(last), y1: toY(tick), y2: toY(tick) }))
    svg.append(makeSvg("text", { x: toX(0) - 5, y: toY(tick) + 4, "text-anchor": "end" }, Number(tick.toFixed(2))))
  }
  svg.append(makeSvg("text", { x: toX(0), y: BOX.height - 6 }, data.axis))
  const cursor = makeSvg("line", { class: "cursor", y1: BOX.top, y2: BOX.height - BOX.bottom })
  svg.append(cursor)
  data.series.forEach((each, index) => {
    const values = each.values[measure.name]
    const stroke = data.lines[index % data.lines.length]
    let run = []
    const flush = () => {
      if (run.length > 1) svg.append(makeSvg("polyline", { points: run.join(" "), stroke, "stroke-dasharray": DASHES[index % DASHES.length] }))
      run = []
    }
    values.forEach((value, step) => {
      if (value === null) return flush()
      run.push(`${toX(step)},${toY(value)}`)
      svg.append(makeSvg("circle", { cx: toX(step), cy: toY(value), r: 2.5, fill: stroke }))
    })
    flush()
  })
  const move = (step) => {
    cursor.setAttribute("x1", toX(step))
    cursor.setAttribute("x2", toX(step))
  }
  return { svg, move }
}

function drawKey(data, index) {
  const sample = makeSvg("svg", { viewBox: "0 0 26 8", class: "sample", "aria-hidden": "true" })
  sample.append(makeSvg("line", { x1: 0, x2: 26, y1: 4, y2: 4, stroke: data.lines[index % data.lines.length], "stroke-dasharray": DASHES[index % DASHES.length] }))
  const value = make("b")
  return { element: make("li", {}, [sample, data.series[index].title, value]), value }
}

function drawLines(data, state) {
  if (!data.series.length) return { element: make("div"), move: () => {} }
  let measure = data.measures.find((each) => each.name === state.measure) ?? data.measures[0]
  const spot = make("div")
  const help = make("p", { className: "note" })
  const keys = data.series.map((_, index) => drawKey(data, index))
  const buttons = data.measures.map((each) => make("button", { type: "button", textContent: each.name }))
  let chart
  let step = 0
  const fill = () => keys.forEach((key, i) => { key.value.textContent = show(data.series[i].values[measure.name][step]) })
  const choose = (each) => {
    measure = each
    state.measure = each.name
    chart = drawChart(data, each)
    spot.replaceChildren(chart.svg)
    help.textContent = each.help
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", data.measures[i] === each))
    chart.move(step)
    fill()
  }
  buttons.forEach((button, i) => { button.onclick = () => choose(data.measures[i]) })
  choose(measure)
  const choice = make("div", { className: "bar" }, data.measures.length > 1 ? buttons : [])
  const element = make("div", { className: "chart" }, [choice, spot, make("ul", {}, keys.map((key) => key.element)), help])
  return { element, move: (to) => { step = to; chart.move(to); fill() } }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".sequence")
  const state = (kept[data.name] ??= { step: data.first, measure: "" })
  const last = data.frames.length - 1
  state.step = Math.min(state.step, last)
  const slider = make("input", { type: "range", min: 0, max: last, step: 1, value: state.step })
  slider.setAttribute("aria-label", data.axis)
  const title = make("output")
  const note = make("p", { className: "what" })
  note.setAttribute("role", "status")
  const panels = data.panels.map((panel) => drawPanel(panel, data.photos, data.is_small))
  const lines = drawLines(data, state)
  const go = (step) => {
    state.step = step
    slider.value = step
    const frame = data.frames[step]
    slider.setAttribute("aria-valuetext", frame.title)
    title.textContent = frame.title
    note.textContent = frame.note
    panels.forEach((panel) => panel.move(step))
    lines.move(step)
  }
  let timer = null
  const play = make("button", { type: "button", textContent: "▶ Play" })
  const stop = () => {
    clearInterval(timer)
    timer = null
    play.textContent = "▶ Play"
  }
  play.onclick = () => {
    if (timer) return stop()
    if (state.step === last) go(0)
    play.textContent = "❚❚ Pause"
    timer = setInterval(() => (state.step < last ? go(state.step + 1) : stop()), PAUSE)
  }
  slider.oninput = () => { stop(); go(Number(slider.value)) }
  const scales = data.scales.map(([gradient, low, high]) => {
    const strip = make("i")
    strip.style.background = gradient
    return make("span", { className: "scale" }, [low, strip, high])
  })
  const bar = make("div", { className: "bar" }, last > 0 ? [play, slider, title] : [title])
  root.replaceChildren(
    bar,
    note,
    make("div", { className: "row" }, [
      make("div", {}, [
        make("div", { className: "panels" }, panels.map((panel) => panel.element)),
        make("div", { className: "bar" }, scales),
      ]),
      ...(data.series.length ? [lines.element] : []),
    ]),
  )
  go(state.step)
  return stop
}
