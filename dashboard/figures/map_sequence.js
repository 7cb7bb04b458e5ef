// Pictures and maps that change step by step, with lines over all steps. Everything was computed on
// the server; the player and the choice of the measure work here alone.

import {
  createChart,
  createChoice,
  createFigure,
  createPlayer,
  createStack,
  make,
  makeScales,
  makeStatus,
  number,
} from "./core.js"

/**
 * @typedef {{title: string, overlays: string[], notes: string[], photos: string[]}} Panel
 * @typedef {{name: string, help: string, low: number, high: number}} Measure
 * @typedef {{title: string, values: Record<string, (number | null)[]>}} Series
 * @typedef {object} Sequence
 * @property {string} axis
 * @property {{title: string, note: string}[]} frames
 * @property {string[]} photos
 * @property {Panel[]} panels
 * @property {Measure[]} measures
 * @property {Series[]} series
 * @property {boolean} is_small
 * @property {string[][]} scales
 */

/**
 * Return what there is at a step of a list with one for each step, or one for all.
 * @param {string[]} list
 * @param {number} step
 */
const pick = (list, step) => (list.length === 1 ? list[0] : (list[step] ?? ""))

/**
 * @param {Panel} panel
 * @param {Sequence} data
 */
function drawPanel(panel, data) {
  const { element: stack, photo, map } = createStack(data.is_small, `${panel.title}: the map over it`)
  photo.alt = `${panel.title}: the picture`
  const note = make("small")
  const element = make("figure", {}, [make("figcaption", { textContent: panel.title }), stack, note])
  /** @type {(step: number) => void} */
  const move = (step) => {
    photo.src = pick(panel.photos.length ? panel.photos : data.photos, step)
    map.src = pick(panel.overlays, step)
    map.hidden = !pick(panel.overlays, step)
    note.textContent = pick(panel.notes, step)
  }
  return { element, move }
}

/**
 * @param {Sequence} data
 * @param {Measure} measure
 */
function drawMeasure(data, { name, low, high }) {
  const lines = data.series.map(({ title, values }) => ({ title, values: values[name] }))
  const ends = lines.map(({ title, values }) => `${title} ${number(values.at(-1))}`)
  return createChart({ lines, low, high, label: `${name} at the last step: ${ends.join("; ")}`, caption: data.axis })
}

export default createFigure(
  /** @param {import("./core.js").Scene<Sequence, {step: number, measure: number}>} scene */
  ({ data, state, tell }) => {
    const note = makeStatus()
    const panels = data.panels.map((panel) => drawPanel(panel, data))
    const charts = data.measures.map((measure) => drawMeasure(data, measure))
    const spot = make("div", { className: "lines" })
    const choice = createChoice(
      data.measures.map(({ name }) => name),
      (index) => {
        state.measure = index
        choose()
        tell()
      },
    )
    const choose = () => {
      choice.press(state.measure)
      const help = make("p", { className: "note", textContent: data.measures[state.measure].help })
      const bar = make("div", { className: "bar" }, charts.length > 1 ? choice.buttons : [])
      spot.replaceChildren(bar, charts[state.measure].element, help)
    }
    const player = createPlayer({
      label: data.axis,
      max: data.frames.length - 1,
      describe: (step) => data.frames[step].title,
      show: (step) => {
        state.step = step
        note.textContent = data.frames[step].note
        for (const each of [...panels, ...charts]) each.move(step)
      },
      rest: tell,
    })
    if (charts.length) choose()
    player.go(state.step)
    const row = make("div", { className: "row" }, [
      make("div", {}, [
        make(
          "div",
          { className: "panels" },
          panels.map(({ element }) => element),
        ),
        make("div", { className: "bar" }, makeScales(data.scales)),
      ]),
      ...(charts.length ? [spot] : []),
    ])
    return [player.element, note, row]
  },
)
