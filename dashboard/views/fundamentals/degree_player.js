// Under- and overfitting, and what comes after: polynomials of rising degree were fitted on the
// server; the player here leafs through them.

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

/**
 * Say where on the way a fit is: its errors, and whether its samples still settle it.
 * @param {Fits} data
 * @param {Fit} fit
 */
export function describeFit({ fits, train, noise, best }, fit) {
  const count = train.length
  const errors =
    `Degree ${fit.degree}: error ${number(fit.train)} on what it learnt from, ${number(fit.test)} on new ` +
    `samples (the noise alone is ${number(noise)}). `
  const place = fit.degree < best ? "Simpler than the best." : "More flexible than the best."
  const verdict = fit.degree === best ? "The best of all on new samples." : place
  if (fit.degree < count) return errors + verdict
  const peak = fits.reduce((worst, each) => (each.test > worst.test ? each : worst))
  const falls =
    peak.degree < fit.degree && fit.test < peak.test
      ? ` The error on new samples has come down from ${number(peak.test)} at degree ${peak.degree}: double descent.`
      : ""
  return (
    `${errors}${verdict} It has ${fit.degree + 1} coefficients for ${count} samples, so many such ` +
    `polynomials meet them all; this is the smoothest.${falls}`
  )
}

/** @param {Fits} data */
function drawErrors({ fits, best }) {
  const high = Math.max(2, Math.min(100, ...fits.flatMap(({ train, test }) => [train, test])))
  return createChart({
    label: `Errors by degree; on new samples the least is at degree ${best}`,
    caption: `degrees ${fits[0].degree} to ${fits[fits.length - 1].degree}, a step each; unevenly apart`,
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
      describe: (step) => `degree ${data.fits[step].degree}`,
      show: (step) => {
        const fit = data.fits[step]
        state.degree = fit.degree
        figure.replaceChildren(drawFit(data, fit))
        errors.move(step)
        what.textContent = describeFit(data, fit)
      },
      rest: tell,
    })
    player.go(data.fits.findIndex(({ degree }) => degree === state.degree))
    return [player.element, make("div", { className: "row" }, [figure, errors.element]), what]
  },
)
