// What all figures share: elements, numbers, colours, one slider, one player, one chart, and how a
// figure is drawn, outlives a rerun, and tells the server where the reader left it.

const SVG = "http://www.w3.org/2000/svg"

/**
 * Return an element; what is no property of it ("aria-label") becomes an attribute.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [properties] `style` is an object: CSS property to value
 * @param {(Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  const { style = {}, ...others } = properties
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, String(value))
  for (const [name, value] of Object.entries(others))
    if (name in element) Object.assign(element, { [name]: value })
    else element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

/**
 * Return an element of a drawing.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, any>} [attributes]
 * @param {(Node | string)[]} [children]
 * @returns {SVGElementTagNameMap[K]}
 */
export function makeSvg(tag, attributes = {}, children = []) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  element.append(...children)
  return element
}

/**
 * @param {string} textContent
 * @param {() => void} onclick
 * @param {Record<string, any>} [properties]
 * @param {(Node | string)[]} [children]
 */
export const makeButton = (textContent, onclick, properties = {}, children = []) =>
  make("button", { type: "button", textContent, onclick, ...properties }, children)

/**
 * Return a sentence that is read out when it changes.
 * @param {string} [className]
 */
export const makeStatus = (className = "what") => make("p", { className, role: "status" })

/**
 * Return an empty drawing that says what it shows.
 * @param {number} width
 * @param {number} height
 * @param {string} label
 * @param {(Node | string)[]} [children]
 */
export const makeDrawing = (width, height, label, children = []) =>
  makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, children)

/**
 * @param {number} value
 * @param {number} last
 */
export const clamp = (value, last) => Math.max(0, Math.min(last, value))

/**
 * Return a number as all figures write it: fixed digits, a real minus, no minus zero.
 * @param {number | null | undefined} value "none" for what is not there
 * @param {number} [digits]
 */
export function number(value, digits = 2) {
  if (value === null || value === undefined) return "none"
  const text = value.toFixed(digits)
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−")
}

/**
 * Return a number of any size: very large and very small ones with their power of ten.
 * @param {number} value
 */
export function numberOfAnySize(value) {
  const size = Math.abs(value)
  const isFar = size >= 1e4 || (size > 0 && size < 1e-3)
  return isFar ? value.toExponential(1).replaceAll("-", "−") : number(value, 3)
}

/**
 * What a unit makes of its sum, and the slope there: dashboard/learning/activations.py in the browser.
 * @type {Record<string, {label: string, apply: (z: number) => number, slope: (z: number) => number}>}
 */
export const ACTIVATIONS = {
  relu: { label: "ReLU", apply: (z) => Math.max(0, z), slope: (z) => (z > 0 ? 1 : 0) },
  sigmoid: {
    label: "Sigmoid",
    apply: (z) => 1 / (1 + Math.exp(-z)),
    slope: (z) => ACTIVATIONS.sigmoid.apply(z) * (1 - ACTIVATIONS.sigmoid.apply(z)),
  },
  tanh: { label: "tanh", apply: Math.tanh, slope: (z) => 1 - Math.tanh(z) ** 2 },
}

/**
 * Return a share as a percentage; the space before the sign does not break.
 * @param {number | null | undefined} share
 * @param {number} [digits]
 */
export const percent = (share, digits = 0) =>
  share === null || share === undefined ? "none" : `${number(100 * share, digits)}\u00a0%`

/**
 * Return a small share with a digit more, so that it is not 0 %.
 * @param {number} share
 */
export const percentFine = (share) => percent(share, share < 0.0995 ? 1 : 0)

/**
 * Return the colour of a value in -1 to 1: blue below zero, orange above, strong far from zero.
 * @param {number} value
 * @param {string} [zero] the colour of zero
 */
export function tint(value, zero = "transparent") {
  const strength = Math.round(100 * Math.min(1, Math.abs(value)))
  return `color-mix(in srgb, var(--${value < 0 ? "below" : "above"}) ${strength}%, ${zero})`
}

/**
 * Return the red, green and blue, 0 to 255, of a colour of the style sheet: for canvases.
 * @param {Element} root
 * @param {string} name
 */
export function readColor(root, name) {
  const hex = getComputedStyle(root).getPropertyValue(`--${name}`).trim()
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16))
}

/**
 * Return bytes that came as base64.
 * @param {string} text
 */
export const decodeBytes = (text) => Uint8Array.from(atob(text), (each) => each.charCodeAt(0))

/**
 * Return points as a polyline has them.
 * @param {number[][]} points
 */
export const joinPoints = (points) => points.map((point) => point.map((each) => each.toFixed(1)).join(",")).join(" ")

/**
 * Put a vertical line where a step is.
 * @param {Element} line
 * @param {number} x
 */
export function moveLine(line, x) {
  line.setAttribute("x1", String(x))
  line.setAttribute("x2", String(x))
}

/**
 * Show one tile of a picture of tiles, whatever the element's size.
 * @param {HTMLElement} element
 * @param {string} sprite
 * @param {number} index
 * @param {number} count
 * @param {number} [columns]
 */
export function showTile(element, sprite, index, count, columns = count) {
  const rows = Math.ceil(count / columns)
  const [x, y] = [index % columns, Math.floor(index / columns)]
  /** @type {(at: number, all: number) => number} */
  const share = (at, all) => (all > 1 ? (100 * at) / (all - 1) : 0)
  element.style.backgroundImage = sprite ? `url(${sprite})` : "none"
  element.style.backgroundSize = `${100 * columns}% ${100 * rows}%`
  element.style.backgroundPosition = `${share(x, columns)}% ${share(y, rows)}%`
}

/**
 * Return a map over a photo.
 * @param {boolean} isSmall whether pixels are to be seen as squares
 * @param {string} alt
 * @param {string} [source] of the photo
 * @param {string} [overlay]
 */
export function createStack(isSmall, alt, source = "", overlay = "") {
  const photo = make("img", { className: "photo", src: source, alt: "" })
  const map = make("img", { className: "map", src: overlay, alt })
  return { element: make("div", { className: isSmall ? "stack small" : "stack" }, [photo, map]), photo, map }
}

/**
 * Return strips of colours with what their ends mean.
 * @param {string[][]} scales of each: a CSS gradient, its low end, its high end
 */
export const makeScales = (scales) =>
  scales.map(([gradient, low, high]) =>
    make("span", { className: "scale" }, [low ?? "", make("i", { style: { background: gradient } }), high ?? ""]),
  )

/**
 * Return buttons of which one is pressed, and what presses it.
 * @param {string[]} labels
 * @param {(index: number) => void} choose
 */
export function createChoice(labels, choose) {
  const buttons = labels.map((label, index) => makeButton(label, () => choose(index)))
  /** @type {(index: number) => void} */
  const press = (index) =>
    buttons.forEach((each, i) => {
      each.setAttribute("aria-pressed", String(i === index))
    })
  return { buttons, press }
}

/**
 * Return a list to choose from.
 * @param {string} label
 * @param {(index: number) => void} choose
 */
export function createSelect(label, choose) {
  const select = make("select", { "aria-label": label, onchange: () => choose(Number(select.value)) })
  /** @type {(names: string[], index: number) => void} */
  const fill = (names, index) => {
    select.replaceChildren(...names.map((name, i) => make("option", { value: String(i), textContent: name })))
    select.value = String(index)
  }
  return { select, fill }
}

/**
 * Return the pairs in "10-3,10-3", counted from 0; the text counts from 1, as on the page.
 * @param {string} text
 */
export const readPairs = (text) => text.split(",").map((pair) => pair.split("-").map((each) => Number(each) - 1))

/** @param {number[][]} pairs */
export const writePairs = (pairs) => pairs.map((pair) => pair.map((each) => each + 1).join("-")).join(",")

/**
 * @typedef {object} SliderOptions
 * @property {string} label
 * @property {number} [min]
 * @property {number} max
 * @property {number} [step]
 * @property {(value: number) => string} describe what is read out
 * @property {(value: number) => void} show called while it moves
 * @property {() => void} [rest] called when it is let go
 */

/**
 * Return a slider in a row with its label and its value.
 * @param {SliderOptions} options
 */
export function createSlider({ label, min = 0, max, step = 1, describe, show, rest = () => {} }) {
  const input = make("input", { type: "range", min, max, step, "aria-label": label })
  const output = make("output")
  /** @type {(value: number) => void} */
  const move = (value) => {
    input.value = String(value)
    output.textContent = describe(value)
    input.setAttribute("aria-valuetext", describe(value))
  }
  input.oninput = () => {
    move(Number(input.value))
    show(Number(input.value))
  }
  input.onchange = rest
  return { input, output, move, element: make("label", { className: "slide" }, [label, input, output]) }
}

const [SHORTEST, LONGEST, WHOLE] = [60, 800, 12_000] // ms: a step at least, at most; all steps

/**
 * Return how long a player rests on each of its steps, in ms: all are seen in about 12 s.
 * @param {number} count
 */
export const choosePause = (count) => Math.max(SHORTEST, Math.min(LONGEST, WHOLE / Math.max(1, count)))

/**
 * Where a player stands and whether it runs: no screen in it. `show` is told each new place,
 * `say` whether it runs, `rest` that the reader let go.
 * @param {object} options
 * @param {number} options.last
 * @param {(at: number) => void} options.show
 * @param {(isPlaying: boolean) => void} [options.say]
 * @param {() => void} [options.rest]
 * @param {() => boolean} [options.isAlive] false once the figure has gone
 * @param {{setInterval: (tick: () => void, ms: number) => any, clearInterval: (timer: any) => void}} [options.clock]
 */
export function createPlayback(options) {
  const { last, show, say = () => {}, rest = () => {}, isAlive = () => true, clock = globalThis } = options
  let at = 0
  /** @type {any} */
  let timer = null
  const halt = () => {
    clock.clearInterval(timer)
    timer = null
    say(false)
  }
  /** @type {(to: number) => void} */
  const go = (to) => {
    at = clamp(to, last)
    show(at)
  }
  const stop = () => {
    halt()
    rest()
  }
  const tick = () => {
    if (!isAlive()) return halt()
    go(at + 1)
    if (at === last) stop()
  }
  const toggle = () => {
    if (timer !== null) return stop()
    if (at === last) go(0)
    timer = clock.setInterval(tick, choosePause(last + 1))
    say(true)
  }
  /** @type {(by: number) => void} */
  const step = (by) => {
    halt()
    go(at + by)
    rest()
  }
  return { go, halt, toggle, step, getPlace: () => at, isPlaying: () => timer !== null }
}

/**
 * Return the player of all figures: play, one back, a slider, one on. The arrow keys, Home and End
 * move the slider, space plays. With one step only there is nothing to play: its name is shown.
 * @param {SliderOptions} options
 */
export function createPlayer({ label, max: last, describe, show, rest = () => {} }) {
  const play = makeButton("", () => playback.toggle(), { className: "play" })
  const slider = createSlider({
    label,
    max: last,
    describe,
    rest,
    show: (to) => {
      playback.halt()
      playback.go(to)
    },
  })
  const playback = createPlayback({
    last,
    rest,
    show: (at) => {
      slider.move(at)
      show(at)
    },
    say: (isPlaying) => {
      play.textContent = isPlaying ? "❚❚ Pause" : "▶ Play"
    },
    isAlive: () => slider.input.isConnected,
  })
  playback.halt()
  slider.input.onkeydown = (event) => {
    if (event.key !== " ") return
    event.preventDefault()
    playback.toggle()
  }
  const back = makeButton("◀", () => playback.step(-1), { "aria-label": "One back" })
  const on = makeButton("▶", () => playback.step(1), { "aria-label": "One on" })
  const bar = make("div", { className: "bar" }, last > 0 ? [play, back, slider.input, on] : [])
  return { ...playback, bar, element: make("div", { className: "player" }, [bar, slider.output]) }
}

/** Colours and dashes of lines, by their order: apart without colour too. */
const LINES = ["blue", "orange", "green", "purple", "vermillion", "grey"]
const DASHES = ["", "7 4", "2 3", "10 3 2 3", "5 2", "1 4"]

/**
 * @typedef {object} Line
 * @property {string} title
 * @property {(number | null)[]} values one a step
 */

/**
 * @param {number} index
 * @returns {Record<string, any>}
 */
const styleLine = (index) => ({
  style: `stroke: var(--${LINES[index % LINES.length]})`,
  "stroke-dasharray": DASHES[index % DASHES.length],
})

/**
 * Return a line's runs of points: it breaks where a value is missing.
 * @param {(number | null)[]} values
 * @param {(step: number) => number} toX
 * @param {(value: number) => number} toY
 */
export function splitRuns(values, toX, toY) {
  /** @type {number[][][]} */
  const runs = [[]]
  values.forEach((value, step) => {
    if (value === null) runs.push([])
    else runs.at(-1)?.push([toX(step), toY(value)])
  })
  return runs.filter((run) => run.length > 0)
}

/**
 * Return round numbers between the ends of an axis, five at most.
 * @param {number} low
 * @param {number} high
 */
export function chooseTicks(low, high) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50].find((each) => (high - low) / each <= 4) ?? 100
  const first = Math.ceil(low / step)
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step)
}

/**
 * Return lines over the steps of a player, with a cursor, and below it the lines' values there.
 * @param {object} options
 * @param {Line[]} options.lines
 * @param {number} options.low the axis' ends
 * @param {number} options.high
 * @param {number[]} [options.ticks]
 * @param {string} options.label what the chart says to who cannot see it
 * @param {string} [options.caption] what the steps are
 * @param {(value: number) => number} [options.scale] of the axis, Math.log10 for one
 * @param {(value: number | null | undefined) => string} [options.write]
 */
export function createChart({
  lines,
  low,
  high,
  label,
  caption = "",
  ticks = chooseTicks(low, high),
  scale = (value) => value,
  write = number,
}) {
  const box = { width: 460, height: 200, left: 44, right: 10, top: 10, bottom: caption ? 24 : 8 }
  const last = Math.max(1, (lines[0]?.values.length ?? 1) - 1)
  const bottom = box.height - box.bottom
  /** @type {(step: number) => number} */
  const toX = (step) => box.left + (step / last) * (box.width - box.left - box.right)
  /** @type {(value: number) => number} */
  const toY = (value) => {
    const held = scale(Math.max(low, Math.min(high, value)))
    return bottom - ((held - scale(low)) / (scale(high) - scale(low) || 1)) * (bottom - box.top)
  }
  const cursor = makeSvg("line", { class: "cursor", y1: box.top, y2: bottom })
  const drawing = makeDrawing(box.width, box.height, label, [
    ...ticks.flatMap((tick) => [
      makeSvg("line", { class: "grid", x1: toX(0), x2: toX(last), y1: toY(tick), y2: toY(tick) }),
      makeSvg("text", { x: toX(0) - 5, y: toY(tick) + 4, "text-anchor": "end" }, [write(tick)]),
    ]),
    makeSvg("text", { x: toX(0), y: box.height - 6 }, [caption]),
    cursor,
    ...lines.flatMap(({ values }, index) =>
      splitRuns(values, toX, toY).map((run) =>
        run.length > 1
          ? makeSvg("polyline", { points: joinPoints(run), ...styleLine(index) })
          : makeSvg("circle", { cx: run[0]?.[0], cy: run[0]?.[1], r: 2.5, ...styleLine(index) }),
      ),
    ),
  ])
  const values = lines.map(() => make("b"))
  const legend = lines.map(({ title }, index) =>
    make("li", {}, [
      makeSvg("svg", { viewBox: "0 0 26 8", class: "sample", "aria-hidden": "true" }, [
        makeSvg("line", { x1: 0, x2: 26, y1: 4, y2: 4, ...styleLine(index) }),
      ]),
      title,
      values[index] ?? "",
    ]),
  )
  /** @type {(step: number) => void} */
  const move = (step) => {
    moveLine(cursor, toX(step))
    values.forEach((each, index) => {
      each.textContent = write(lines[index]?.values[step])
    })
  }
  return { element: make("div", { className: "chart" }, [drawing, make("ul", {}, legend)]), move }
}

/** @type {Record<string, number[]>} */
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }

/**
 * Make a table of buttons one stop for the Tab key, with the arrow keys inside; `rest` is called
 * when the focus leaves it.
 * @param {HTMLElement} table
 * @param {(by: number[]) => HTMLElement | undefined} findNext
 * @param {() => void} rest
 */
export function walkTable(table, findNext, rest) {
  table.onkeydown = (event) => {
    const by = ARROWS[event.key]
    if (!by) return
    event.preventDefault()
    findNext(by)?.focus()
  }
  table.addEventListener("focusout", (event) => {
    if (!table.contains(/** @type {Node | null} */ (event.relatedTarget))) rest()
  })
}

/**
 * @template D, S
 * @typedef {object} Scene
 * @property {HTMLElement} root
 * @property {D} data what the server sent
 * @property {S} state where the reader stands: the figure changes it ...
 * @property {() => void} tell ... and tells the server once the reader lets go
 * @property {(name: string, value: any) => void} send what is no place and in no link
 */

/**
 * @param {HTMLElement} root
 * @returns {HTMLElement[]}
 */
const listFocusable = (root) => Array.from(root.querySelectorAll("button, input, select, canvas"))

/**
 * Return a component that draws with `draw`. What the reader changed outlives a rerun: a rerun that
 * brings back what was told, now or a moment ago, undoes nothing that was moved since and takes no
 * slider away from under a finger. The figure is drawn anew only when it shows something else.
 * @template D
 * @template {Record<string, any>} S
 * @param {(scene: Scene<D, S>) => (Node | string)[]} draw
 */
export function createFigure(draw) {
  /** @type {Map<string, {state: S, told: string[], send: (name: string, value: any) => void}>} */
  const kept = new Map()
  /** @type {WeakMap<Element, string>} */
  const drawn = new WeakMap()
  /**
   * @param {object} component
   * @param {any} component.data
   * @param {ParentNode} component.parentElement
   * @param {(name: string, value: any) => void} component.setTriggerValue
   */
  return ({ data, parentElement, setTriggerValue }) => {
    const root = /** @type {HTMLElement} */ (parentElement.querySelector(".figure"))
    const { key, state, of, ...shown } = data
    const given = JSON.stringify([state, of])
    const before = kept.get(key)
    const echo = before ? before.told.indexOf(given) : -1
    const memory = before && echo >= 0 ? before : { state: { ...state }, told: [given], send: setTriggerValue }
    memory.told.splice(0, echo)
    memory.send = setTriggerValue
    kept.set(key, memory)
    const text = JSON.stringify(shown)
    if (echo >= 0 && drawn.get(root) === text) return
    drawn.set(root, text)
    const tell = () => {
      const now = JSON.stringify([memory.state, of])
      if (now === memory.told.at(-1)) return
      memory.told.push(now)
      memory.send("told", { ...memory.state })
    }
    const { activeElement } = /** @type {ShadowRoot} */ (root.getRootNode())
    const focused = listFocusable(root).indexOf(/** @type {HTMLElement} */ (activeElement))
    root.replaceChildren(
      ...draw({ root, data: shown, state: memory.state, tell, send: (name, value) => memory.send(name, value) }),
    )
    listFocusable(root)[focused]?.focus({ preventScroll: true })
  }
}
