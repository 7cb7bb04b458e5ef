// Maps over a photo, side by side. Opacity, the reading line of the curves and the player, in which
// the photo disappears or comes back in each map's order, work here, in the browser; the server is
// told where they stand once they are let go.

import {
  createChoice,
  createFigure,
  createPlayer,
  createSlider,
  createStack,
  joinPoints,
  make,
  makeDrawing,
  makeScales,
  makeSvg,
  moveLine,
  percent,
} from "./core.js"

/**
 * @typedef {number[][]} Points
 * @typedef {{insertion: Points, deletion: Points, order: string, description: string}} Curves
 * @typedef {object} Card
 * @property {string} title
 * @property {string} kind
 * @property {string} overlay
 * @property {string} alt
 * @property {string} tone empty while the map is being tested
 * @property {string} verdict
 * @property {string} advice
 * @property {string[]} details
 * @property {string[][]} facts of each: name, value, help
 * @property {Curves | null} curves
 */

const PLOT = { width: 260, height: 118, left: 30, right: 6, top: 6, bottom: 26 }
const VIEWS = ["map", "away", "back"]
const NAMES = ["The map", "Take away", "Bring back"]

/** @param {number} share */
const toX = (share) => PLOT.left + share * (PLOT.width - PLOT.left - PLOT.right)
/** @param {number} probability */
const toY = (probability) => PLOT.top + (1 - probability) * (PLOT.height - PLOT.top - PLOT.bottom)

/**
 * Return a curve's height at a share of the pixels, straight between its points.
 * @param {Points} points
 * @param {number} share
 */
export function readAt(points, share) {
  const next = points.findIndex(([x]) => x >= share)
  if (next <= 0) return points.at(next)?.[1] ?? 0
  const [[x0, y0], [x1, y1]] = [points[next - 1], points[next]]
  return y0 + ((y1 - y0) * (share - x0)) / (x1 - x0 || 1)
}

/**
 * Write into `target` what is seen at a step: pixels whose turn has come are those of `after`.
 * All three pictures are red, green, blue and alpha; the order is in the red.
 * @param {Uint8ClampedArray} target
 * @param {Uint8ClampedArray} before
 * @param {Uint8ClampedArray} after
 * @param {Uint8ClampedArray} order
 * @param {number} step
 */
export function mixAt(target, before, after, order, step) {
  for (let at = 0; at < order.length; at += 4) {
    const source = (order[at] ?? 0) <= step ? after : before
    for (let i = at; i < at + 4; i++) target[i] = source[i] ?? 0
  }
}

/** @param {Curves} curves */
function drawCurves({ insertion, deletion, description }) {
  const shown = makeSvg("text", { x: toX(0), y: PLOT.height - 14 })
  const removed = makeSvg("text", { x: toX(0), y: PLOT.height - 3 })
  const cursor = makeSvg("line", { class: "cursor", y1: toY(0), y2: toY(1) })
  /** @type {(points: Points) => string} */
  const place = (points) => joinPoints(points.map(([x, y]) => [toX(x), toY(y)]))
  const lines = { back: makeSvg("polyline", { class: "insertion" }), away: makeSvg("polyline", { class: "deletion" }) }
  const drawing = makeDrawing(PLOT.width, PLOT.height, description, [
    makeSvg("path", { class: "axis", d: `M${toX(0)},${toY(1)} V${toY(0)} H${toX(1)}` }),
    makeSvg("text", { x: toX(0) - 4, y: toY(1) + 7, "text-anchor": "end" }, [percent(1)]),
    makeSvg("text", { x: toX(0) - 4, y: toY(0), "text-anchor": "end" }, ["0"]),
    lines.back,
    lines.away,
    cursor,
    shown,
    removed,
  ])
  /** @type {(share: number) => void} */
  const read = (share) => {
    moveLine(cursor, toX(share))
    cursor.style.visibility = "visible"
    shown.textContent = `— ${percent(share)} shown: probability ${percent(readAt(insertion, share))}`
    removed.textContent = `- - ${percent(share)} removed: probability ${percent(readAt(deletion, share))}`
  }
  let rest = () => {}
  /** @type {(view: string, step: number) => void} */
  const show = (view, step) => {
    lines.back.setAttribute("points", place(view === "back" ? insertion.slice(0, step + 1) : insertion))
    lines.away.setAttribute("points", place(view === "away" ? deletion.slice(0, step + 1) : deletion))
    lines.back.style.opacity = view === "away" ? "0.25" : "1"
    lines.away.style.opacity = view === "back" ? "0.25" : "1"
    rest = () => {
      cursor.style.visibility = "hidden"
      shown.textContent = "— most important pixels shown first"
      removed.textContent = "- - most important pixels removed first"
      if (view !== "map") read((view === "away" ? deletion : insertion)[step]?.[0] ?? 1)
    }
    rest()
  }
  drawing.onpointermove = (event) => {
    const box = drawing.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width) * PLOT.width
    read(Math.min(1, Math.max(0, (x - toX(0)) / (toX(1) - toX(0)))))
  }
  drawing.onpointerleave = () => rest()
  drawing.classList.add("plot")
  return { drawing, show }
}

/**
 * Return a picture's pixels.
 * @param {string} url
 */
async function readPixels(url) {
  const image = make("img", { src: url })
  await image.decode()
  const canvas = make("canvas", { width: image.naturalWidth, height: image.naturalHeight })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }))
  context.drawImage(image, 0, 0)
  return context.getImageData(0, 0, canvas.width, canvas.height)
}

/**
 * Return a canvas on which a photo disappears, or comes back, in the order of a map.
 * @param {string} photo
 * @param {string} removed
 * @param {string} order
 */
function createVanishing(photo, removed, order) {
  const canvas = make("canvas", { className: "vanishing", hidden: true, "aria-hidden": "true" })
  const pictures = { view: "map", step: 0 }
  /** @type {Promise<ImageData[]> | null} */
  let loading = null
  const paint = async () => {
    loading ??= Promise.all([photo, removed, order].map(readPixels))
    const [whole, empty, steps] = await loading
    if (!whole || !empty || !steps) return
    if (canvas.width !== whole.width) Object.assign(canvas, { width: whole.width, height: whole.height })
    const [before, after] = pictures.view === "away" ? [whole, empty] : [empty, whole]
    const mixed = new ImageData(whole.width, whole.height)
    mixAt(mixed.data, before.data, after.data, steps.data, pictures.step)
    canvas.getContext("2d")?.putImageData(mixed, 0, 0)
  }
  /** @type {(view: string, step: number) => void} */
  const show = (view, step) => {
    Object.assign(pictures, { view, step })
    canvas.hidden = view === "map"
    if (view !== "map") paint()
  }
  return { canvas, show }
}

/**
 * @param {Card} card
 * @param {Viewer} viewer
 */
function drawCard(card, { photo, removed }) {
  const { title, kind, overlay, alt, tone, verdict, advice, details, facts, curves } = card
  const stack = createStack(false, alt, photo, overlay)
  const heading = make("h4", {}, [title, make("small", { textContent: kind })])
  /** @type {(HTMLElement | SVGElement)[]} */
  const parts = [heading, stack.element]
  if (!tone) parts.push(make("p", { className: "note", textContent: "Being tested …" }))
  else parts.push(make("div", { className: `verdict ${tone}` }, [verdict, make("small", { textContent: advice })]))
  const vanishing = curves && createVanishing(photo, removed, curves.order)
  const plot = curves && drawCurves(curves)
  if (vanishing) stack.element.append(vanishing.canvas)
  if (plot) parts.push(plot.drawing)
  const list = facts.flatMap(([name, value, help]) => [
    make("dt", { textContent: name, title: help }),
    make("dd", { textContent: value }),
  ])
  parts.push(make("dl", { className: "facts" }, list))
  if (details.length)
    parts.push(
      make("details", {}, [
        make("summary", { textContent: "The figures behind it" }),
        ...details.map((textContent) => make("p", { className: "note", textContent })),
      ]),
    )
  /** @type {(view: string, step: number) => void} */
  const show = (view, step) => {
    plot?.show(view, step)
    vanishing?.show(view, step)
  }
  return { element: make("article", { className: "card" }, parts), show }
}

/**
 * @typedef {{photo: string, removed: string, cards: Card[], scales: string[][]}} Viewer
 * @typedef {{opacity: number, is_grey: boolean, view: string, step: number}} State
 */

export default createFigure(
  /** @param {import("./core.js").Scene<Viewer, State>} scene */
  ({ root, data, state, tell }) => {
    // While maps are tested a rerun would begin anew: it is told with the first change after.
    const isTested = data.cards.every(({ tone, curves }) => tone && curves)
    const rest = () => isTested && tell()
    const apply = () => {
      root.style.setProperty("--opacity", String(state.opacity / 100))
      root.style.setProperty("--grey", String(Number(state.is_grey)))
    }
    const opacity = createSlider({
      label: "Opacity of the maps",
      max: 100,
      describe: (value) => percent(value / 100),
      show: (value) => {
        state.opacity = value
        apply()
      },
      rest,
    })
    opacity.move(state.opacity)
    const grey = make("input", { type: "checkbox", checked: state.is_grey })
    grey.onchange = () => {
      state.is_grey = grey.checked
      apply()
      rest()
    }
    apply()
    const cards = data.cards.map((card) => drawCard(card, data))
    const curve = data.cards.find(({ curves }) => curves)?.curves?.deletion ?? []
    const player = createPlayer({
      label: "Share of the pixels, each map's most important first",
      max: Math.max(0, curve.length - 1),
      describe: (step) => {
        const share = percent(curve[step]?.[0] ?? 0)
        return state.view === "away" ? `${share} of the pixels taken away` : `${share} of the pixels brought back`
      },
      show: (step) => {
        state.step = step
        for (const card of cards) card.show(state.view, step)
      },
      rest,
    })
    const choose = () => {
      player.halt()
      player.element.hidden = state.view === "map"
      choice.press(VIEWS.indexOf(state.view))
      player.go(state.step)
    }
    const choice = createChoice(NAMES, (index) => {
      const isNew = state.view === "map" || index === 0
      state.view = VIEWS[index] ?? "map"
      if (isNew) state.step = 0
      choose()
      rest()
      if (isNew && index > 0) player.toggle()
    })
    const watch = make("div", { className: "bar", role: "group", "aria-label": "What is shown" }, choice.buttons)
    watch.hidden = player.element.hidden = !isTested
    choose()
    const controls = [opacity.element, make("label", {}, [grey, "Photo in grey"]), ...makeScales(data.scales)]
    return [
      make("div", { className: "bar" }, controls),
      watch,
      player.element,
      make(
        "div",
        { className: "grid" },
        cards.map(({ element }) => element),
      ),
    ]
  },
)
