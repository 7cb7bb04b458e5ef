// Two networks read a text word by word: verdicts, what they carry along, the gates of one unit.
// Everything was computed on the server; the slider, the words and the units work here alone.

const SVG = "http://www.w3.org/2000/svg"
const CHART = { width: 600, height: 150, left: 34, right: 6, top: 8, bottom: 8 }
const CELL = 10 // height of a unit's row; the width follows the number of words
const GATES = [
  ["forget_gate", "forget gate", "share of the memory that is kept", 0],
  ["input_gate", "input gate", "share of the candidate that is written", 0],
  ["candidate", "candidate", "what is proposed to be written", -1],
  ["cells", "memory", "what the cell then holds", -1],
  ["output_gate", "output gate", "share of the memory that shows", 0],
  ["states", "state", "what the cell shows to the next word and to the verdict", -1],
]
const LONG_WORD = 24 // characters; longer ones are shortened, in full when pointed at
const shorten = (word) => (word.length > LONG_WORD ? `${word.slice(0, LONG_WORD - 1)}…` : word)

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function draw(tag, attributes, children = []) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

const percent = (share) => `${Math.round(100 * share)} %`
const signed = (value) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(2)}`
// Strong colour far from zero, the page's own background at zero: for light and dark alike.
const tint = (value) => {
  const strength = Math.round(100 * Math.min(1, Math.abs(value)))
  return `color-mix(in srgb, var(--${value < 0 ? "below" : "above"}) ${strength}%, transparent)`
}

// The reader's place outlives a redraw of the component.
const kept = { id: "", step: 0, way: 0, unit: 0 }

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".memory")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const last = data.words.length - 1
  if (kept.id !== data.id) Object.assign(kept, { id: data.id, step: last, unit: 0 })
  kept.way = Math.min(kept.way, data.ways.length - 1)
  const gated = data.networks.find((network) => network.gates)
  let timer = null

  const slider = make("input", { type: "range", min: 0, max: last, step: 1, value: kept.step })
  slider.setAttribute("aria-label", "word")
  const output = make("output")
  const play = make("button", { type: "button", textContent: "▶ play" })
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶ play" }
  play.onclick = () => {
    if (timer) return stop()
    if (kept.step >= last) kept.step = 0
    play.textContent = "❚❚ pause"
    timer = setInterval(() => { if (kept.step >= last) return stop(); kept.step += 1; update() }, 450)
    update()
  }
  slider.oninput = () => { stop(); kept.step = Number(slider.value); update() }

  const way = make("select")
  way.setAttribute("aria-label", "words coloured by")
  way.append(...data.ways.map((name, i) => make("option", { value: i, textContent: name })))
  way.value = kept.way
  way.onchange = () => { kept.way = Number(way.value); colour() }

  const rows = data.networks.map((network) => {
    const words = data.words.map((word, i) => {
      const button = make("button", { type: "button", textContent: shorten(word), title: shorten(word) === word ? "" : word })
      if (data.unknown.includes(i)) { button.classList.add("unknown"); button.title = "unknown to the networks: all unknown words are one to them" }
      button.onclick = () => { stop(); kept.step = i; update() }
      return button
    })
    const verdict = make("b")
    const heat = drawHeat(network)
    return { network, words, verdict, heat, box: make("section", {}, [
      make("h4", {}, [make("i", { className: network.key }), `${network.name}: `, verdict]),
      make("p", { className: "words" }, words),
      make("div", { className: "note", textContent: network.carries }),
      heat.svg,
    ]) }
  })

  const lines = drawVerdicts(data)
  const told = make("p", { className: "told" })
  told.setAttribute("aria-live", "polite")
  const unit = make("select")
  unit.setAttribute("aria-label", "unit")
  const gates = make("div", { className: "gates" })
  const panel = make("section", { className: "cell" })
  if (gated) {
    unit.append(...gated.units.map((number, i) => make("option", { value: i, textContent: `unit ${number}` })))
    kept.unit = Math.min(kept.unit, gated.units.length - 1)
    unit.value = kept.unit
    unit.onchange = () => { kept.unit = Number(unit.value); update() }
    panel.append(make("h4", {}, ["One memory cell of the LSTM: ", unit]), gates, told)
  }

  function drawHeat(network) {
    const count = network.carried.length
    const columns = last + 1
    const scale = Math.max(...network.carried.flat().map(Math.abs), 1e-9)
    const cells = network.carried.flatMap((row, u) => row.map((value, t) => {
      const cell = draw("rect", { x: t, y: u * CELL, width: 1.02, height: CELL, style: `fill:${tint(value / scale)}` })
      cell.onclick = () => { stop(); kept.step = t; if (network.gates) { kept.unit = u; unit.value = u } update() }
      return cell
    }))
    const cursor = draw("rect", { y: 0, width: 1, height: count * CELL, class: "cursor" })
    const chosen = draw("rect", { x: 0, width: columns, height: CELL, class: "chosen" })
    const title = draw("title", {})
    title.textContent = `${network.name}: ${count} units over the words; orange above zero, blue below`
    const svg = draw("svg", { viewBox: `0 0 ${columns} ${count * CELL}`, preserveAspectRatio: "none", class: "heat", role: "img" }, [title, ...cells, cursor])
    if (network.gates) svg.append(chosen)
    return { svg, cursor, chosen }
  }

  function colour() {
    for (const { network, words } of rows) {
      const shares = network.shares[data.ways[kept.way]]
      const scale = Math.max(...shares.map(Math.abs), 1e-9)
      words.forEach((word, i) => {
        word.style.background = tint((0.85 * shares[i]) / scale)
        word.setAttribute("aria-label", `${data.words[i]}: ${signed(shares[i])}`)
      })
    }
  }

  function update() {
    const t = kept.step
    slider.value = t
    output.textContent = `${t + 1} of ${last + 1}: ${shorten(data.words[t])}`
    lines.move(t)
    for (const { network, words, verdict, heat } of rows) {
      verdict.textContent = `${percent(network.verdicts[t])} praise`
      words.forEach((word, i) => { word.classList.toggle("now", i === t); word.classList.toggle("later", i > t) })
      heat.cursor.setAttribute("x", t)
      heat.chosen.setAttribute("y", kept.unit * CELL)
    }
    if (gated) tell(t)
  }

  function tell(t) {
    const read = (name, at) => gated.gates[name][kept.unit][at]
    gates.replaceChildren(...GATES.map(([name, title, help, low]) => {
      const bars = drawBars(gated.gates[name][kept.unit], low, t)
      bars.setAttribute("aria-label", `${title} over the words, ${help}; now ${signed(read(name, t))}`)
      return make("div", { title: help }, [make("span", { textContent: title }), bars, make("b", { textContent: signed(read(name, t)) })])
    }))
    const before = t > 0 ? read("cells", t - 1) : 0
    told.textContent = `At “${shorten(data.words[t])}”: memory ${signed(before)} × ${signed(read("forget_gate", t))} kept, plus ${signed(read("candidate", t))} × ${signed(read("input_gate", t))} written, is ${signed(read("cells", t))}. The state shows tanh of it × ${signed(read("output_gate", t))} = ${signed(read("states", t))}.`
  }

  root.replaceChildren(
    make("div", { className: "controls" }, [play, slider, output]),
    lines.box,
    make("label", { className: "way" }, ["Words coloured by ", way, make("span", { className: "note", textContent: "orange for praise, blue for blame" })]),
    ...rows.map((row) => row.box),
    ...(gated ? [panel] : []),
  )
  colour()
  update()
  return stop
}

function drawVerdicts(data) {
  const { width, height, left, right, top, bottom } = CHART
  const last = Math.max(1, data.words.length - 1)
  const x = (t) => left + (t / last) * (width - left - right)
  const y = (share) => top + (1 - share) * (height - top - bottom)
  const grid = [0, 0.5, 1].flatMap((share) => {
    const label = draw("text", { x: left - 4, y: y(share) + 4, "text-anchor": "end" })
    label.textContent = percent(share)
    return [draw("line", { x1: left, x2: width - right, y1: y(share), y2: y(share), class: "grid" }), label]
  })
  const lines = data.networks.map((network) => draw("polyline", {
    points: network.verdicts.map((share, t) => `${x(t)},${y(share)}`).join(" "), class: `line ${network.key}` }))
  const cursor = draw("line", { y1: top, y2: height - bottom, class: "cursor" })
  const dots = data.networks.map((network) => draw("circle", { r: 4.5, class: `dot ${network.key}` }))
  const move = (t) => {
    cursor.setAttribute("x1", x(t))
    cursor.setAttribute("x2", x(t))
    dots.forEach((dot, i) => { dot.setAttribute("cx", x(t)); dot.setAttribute("cy", y(data.networks[i].verdicts[t])) })
  }
  const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", class: "verdicts" }, [...grid, ...lines, cursor, ...dots])
  svg.setAttribute("aria-label", `Probability of praise after every word. ${data.networks.map((n) => `${n.name} ends at ${percent(n.verdicts.at(-1))}`).join(", ")}.`)
  const legend = make("div", { className: "legend" }, ["Probability that the text praises, after every word: ", ...data.networks.flatMap((n) => [make("i", { className: n.key }), `${n.name} `])])
  return { move, box: make("div", {}, [legend, svg]) }
}

// One unit's values over the words, a bar a word, from 0 to 1 or (low = -1) both ways from zero.
function drawBars(values, low, now) {
  const top = low ? Math.max(1, ...values.map(Math.abs)) : 1
  const zero = low ? 0.5 : 1
  const bars = values.map((value, t) => {
    const height = (Math.abs(value) / top) * zero
    return draw("rect", { x: t + 0.06, y: value < 0 ? zero : zero - height, width: 0.88, height, class: t === now ? "now" : t > now ? "later" : "" })
  })
  const axis = draw("line", { x1: 0, x2: values.length, y1: zero, y2: zero, class: "axis" })
  return draw("svg", { viewBox: `0 0 ${values.length} 1`, preserveAspectRatio: "none", role: "img", class: "bars" }, [...bars, axis])
}
