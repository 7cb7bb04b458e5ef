// Maps over a photo, side by side. Opacity and the reading line of the curves work here, in the
// browser; the server is told the opacity once it is let go.

import {
  createFigure,
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
 * @typedef {{insertion: Points, deletion: Points, random: Points[], description: string}} Curves
 * @typedef {object} Card
 * @property {string} title
 * @property {string} kind
 * @property {string} overlay
 * @property {string} alt
 * @property {string} tone empty while the map is being tested
 * @property {string} verdict
 * @property {string[][]} facts of each: name, value, help
 * @property {Curves | null} curves
 */

const PLOT = { width: 260, height: 118, left: 30, right: 6, top: 6, bottom: 26 }

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

/** @param {Curves} curves */
function drawCurves({ insertion, deletion, random, description }) {
  const shown = makeSvg("text", { x: toX(0), y: PLOT.height - 14 })
  const removed = makeSvg("text", { x: toX(0), y: PLOT.height - 3 })
  const cursor = makeSvg("line", { class: "cursor", y1: toY(0), y2: toY(1) })
  /** @type {(points: Points, name: string) => SVGElement} */
  const draw = (points, name) =>
    makeSvg("polyline", { class: name, points: joinPoints(points.map(([x, y]) => [toX(x), toY(y)])) })
  const drawing = makeDrawing(PLOT.width, PLOT.height, description, [
    makeSvg("path", { class: "axis", d: `M${toX(0)},${toY(1)} V${toY(0)} H${toX(1)}` }),
    makeSvg("text", { x: toX(0) - 4, y: toY(1) + 7, "text-anchor": "end" }, [percent(1)]),
    makeSvg("text", { x: toX(0) - 4, y: toY(0), "text-anchor": "end" }, ["0"]),
    ...random.map((points) => draw(points, "random")),
    draw(insertion, "insertion"),
    draw(deletion, "deletion"),
    cursor,
    shown,
    removed,
  ])
  const rest = () => {
    cursor.style.visibility = "hidden"
    shown.textContent = "— most important pixels shown first"
    removed.textContent = "- - most important pixels removed first"
  }
  drawing.onpointermove = (event) => {
    const box = drawing.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width) * PLOT.width
    const share = Math.min(1, Math.max(0, (x - toX(0)) / (toX(1) - toX(0))))
    moveLine(cursor, toX(share))
    cursor.style.visibility = "visible"
    shown.textContent = `— ${percent(share)} shown: probability ${percent(readAt(insertion, share))}`
    removed.textContent = `- - ${percent(share)} removed: probability ${percent(readAt(deletion, share))}`
  }
  drawing.onpointerleave = rest
  rest()
  drawing.classList.add("plot")
  return drawing
}

/**
 * @param {Card} card
 * @param {string} photo
 */
function drawCard({ title, kind, overlay, alt, tone, verdict, facts, curves }, photo) {
  const parts = [
    make("h4", {}, [title, make("small", { textContent: kind })]),
    createStack(false, alt, photo, overlay).element,
  ]
  if (!tone)
    return make("article", { className: "card" }, [...parts, make("p", { className: "note" }, ["Being tested …"])])
  const list = facts.flatMap(([name, value, help]) => [
    make("dt", { textContent: name, title: help }),
    make("dd", { textContent: value }),
  ])
  return make("article", { className: "card" }, [
    ...parts,
    make("div", { className: `verdict ${tone}`, textContent: verdict }),
    ...(curves ? [drawCurves(curves)] : []),
    make("dl", { className: "facts" }, list),
  ])
}

/**
 * @typedef {{photo: string, cards: Card[], scales: string[][]}} Viewer
 * @typedef {{opacity: number, is_grey: boolean}} State
 */

export default createFigure(
  /** @param {import("./core.js").Scene<Viewer, State>} scene */
  ({ root, data, state, tell }) => {
    // While maps are tested a rerun would begin anew: it is told with the first change after.
    const rest = () => data.cards.every(({ tone }) => tone) && tell()
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
    const controls = [opacity.element, make("label", {}, [grey, "Photo in grey"]), ...makeScales(data.scales)]
    const cards = data.cards.map((card) => drawCard(card, data.photo))
    return [make("div", { className: "bar" }, controls), make("div", { className: "grid" }, cards)]
  },
)
