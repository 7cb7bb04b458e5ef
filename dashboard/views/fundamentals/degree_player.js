// Under- and overfitting: one polynomial of every degree was fitted on the server; the player here
// leafs through them.

import {
  createChart,
  createFigure,
  createPlayer,
  joinPoints,
  make,
  makeDrawing,
  makeStatus,
  makeSvg,
  number,
} from "../../figures/core.js"

/**
 * @typedef {{degree: number, y: number[], train: number, test: number}} Fit
 * @typedef {object} Fits
 * @property {number[][]} train samples to learn from
 * @property {number[][]} test
 * @property {number[]} x
 * @property {number[]} truth
 * @property {number} noise
 * @property {number} best the degree with the least error on new samples
 * @property {Fit[]} fits
 */

const [WIDTH, HEIGHT, EXTENT] = [420, 250, 2] // the drawing reaches from -EXTENT to EXTENT
const LEAST = 0.02 // of an error that is drawn

/** @type {(point: number[]) => number[]} */
const toPlace = ([x, y]) => [
  8 + ((x + 1) / 2) * (WIDTH - 16),
  8 + ((EXTENT - Math.max(-EXTENT, Math.min(EXTENT, y))) / (2 * EXTENT)) * (HEIGHT - 34),
]

/**
 * @param {Fits} data
 * @param {Fit} fit
 */
function drawFit(data, { degree, y }) {
  /** @type {(ys: number[], name: string) => SVGElement} */
  const line = (ys, name) =>
    makeSvg("polyline", { class: name, points: joinPoints(data.x.map((x, i) => toPlace([x, ys[i]]))) })
  /** @type {(point: number[], name: string, r: number) => SVGElement} */
  const dot = (point, name, r) => makeSvg("circle", { cx: toPlace(point)[0], cy: toPlace(point)[1], r, class: name })
  const key = `● ${data.train.length} to learn from   · ${data.test.length} new ones   - - the truth`
  return makeDrawing(WIDTH, HEIGHT, `Polynomial of degree ${degree} through ${data.train.length} samples`, [
    ...data.test.map((point) => dot(point, "other", 2)),
    line(data.truth, "truth"),
    line(y, "fit"),
    ...data.train.map((point) => dot(point, "sample", 5)),
    makeSvg("text", { x: 8, y: HEIGHT - 6 }, [key]),
  ])
}

/** @param {Fits} data */
function drawErrors({ fits, best }) {
  const high = Math.max(2, Math.min(100, ...fits.flatMap(({ train, test }) => [train, test])))
  return createChart({
    label: `Errors by degree; on new samples the least is at degree ${best}`,
    caption: `degree 0 to ${fits.length - 1}`,
    low: LEAST,
    high,
    ticks: [0.1, 1, 10].filter((tick) => tick < high),
    scale: Math.log10,
    lines: [
      { title: "error on what it learnt from", values: fits.map(({ train }) => train) },
      { title: "on new ones", values: fits.map(({ test }) => test) },
    ],
  })
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Fits, {degree: number}>} scene */
  ({ data, state, tell }) => {
    const figure = make("div")
    const errors = drawErrors(data)
    const what = makeStatus()
    const player = createPlayer({
      label: "Degree of the polynomial",
      max: data.fits.length - 1,
      describe: (degree) => `degree ${degree}`,
      show: (degree) => {
        state.degree = degree
        const fit = data.fits[degree]
        figure.replaceChildren(drawFit(data, fit))
        errors.move(degree)
        const others = degree < data.best ? "Simpler than the best." : "More flexible than the best."
        what.textContent =
          `Degree ${degree}: error ${number(fit.train)} on what it learnt from, ${number(fit.test)} on new ` +
          `samples (the noise alone is ${number(data.noise)}). ` +
          (degree === data.best ? "The best of all on new samples." : others)
      },
      rest: tell,
    })
    player.go(state.degree)
    return [player.element, make("div", { className: "row" }, [figure, errors.element]), what]
  },
)
