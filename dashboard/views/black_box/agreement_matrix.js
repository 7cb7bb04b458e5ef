// The same picture under every method, and how much each pair of maps agrees. The pair, and what
// counts as "top", are chosen here, in the browser.

import {
  createFigure,
  createSlider,
  createStack,
  make,
  makeButton,
  makeScales,
  makeStatus,
  number,
  percent,
  tint,
  walkTable,
} from "../../figures/core.js"

/**
 * @typedef {{name: string, title: string, overlay: string, is_trivial: boolean}} MethodMap
 * @typedef {object} Agreement
 * @property {string} photo
 * @property {MethodMap[]} maps
 * @property {(number | null)[][]} correlation None where a map is flat
 * @property {number[][][]} overlap by share
 * @property {number[]} shares
 * @property {string[][]} scales
 * @property {boolean} is_small
 */

/** @param {number | null} value */
const show = (value) => (value === null ? "none, a map is flat" : number(value))

/**
 * Return the two methods that agree least among those that are not trivial: what the reader sees
 * first.
 * @param {Pick<Agreement, "maps" | "correlation">} data
 */
export function findWorst({ maps, correlation }) {
  let worst = [0, Math.min(1, maps.length - 1)]
  let least = Number.POSITIVE_INFINITY
  for (let i = 0; i < maps.length; i++)
    for (let j = 0; j < i; j++) {
      const value = correlation[i][j]
      if (maps[i].is_trivial || maps[j].is_trivial || value === null || value >= least) continue
      least = value
      worst = [i, j]
    }
  return worst
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Agreement, {pair: string, top: number}>} scene */
  ({ data, state, tell }) => {
    const { maps, correlation, overlap, shares } = data
    const asked = state.pair.split(",").map((name) => maps.findIndex((map) => map.name === name))
    let pair = asked.length === 2 && Math.min(...asked) >= 0 ? asked : findWorst(data)
    const duel = make("div", { className: "duel" })
    const sentence = makeStatus()

    /** @type {(i: number, j: number) => number | null} */
    const read = (i, j) => (j < i ? correlation[i][j] : overlap[state.top][i][j])
    const paint = () => {
      for (const { cell, i, j } of cells) {
        const value = read(i, j)
        const kind = j < i ? "rank correlation" : `top ${percent(shares[state.top])} in common`
        cell.style.background = tint(value ?? 0)
        cell.textContent = value === null ? "–" : number(value).replace("0.", ".")
        cell.setAttribute("aria-label", `${maps[i].title} and ${maps[j].title}: ${kind} ${show(value)}`)
        cell.setAttribute("aria-pressed", String(pair.includes(i) && pair.includes(j)))
        cell.tabIndex = i === pair[0] && j === pair[1] ? 0 : -1
      }
      thumbs.forEach((thumb, k) => {
        thumb.setAttribute("aria-pressed", String(pair.includes(k)))
      })
    }
    /** @param {MethodMap} map */
    const draw = ({ title, overlay }) =>
      createStack(data.is_small, `${title}: heat map over the picture`, data.photo, overlay).element
    /** @type {(i: number, j: number) => void} */
    const open = (i, j) => {
      pair = [i, j]
      const share = percent(shares[state.top])
      duel.replaceChildren(
        ...pair.map((k) => make("figure", {}, [make("figcaption", { textContent: maps[k].title }), draw(maps[k])])),
      )
      sentence.textContent =
        `${maps[i].title} and ${maps[j].title}: rank correlation ${show(correlation[i][j])}; of the top ` +
        `${share} of pixels they share ${percent(overlap[state.top][i][j])} (two random maps: ${share}).`
      paint()
    }
    const settle = () => {
      state.pair = pair.map((k) => maps[k].name).join(",")
      tell()
    }
    /** @type {(i: number, j: number) => {cell: HTMLButtonElement, i: number, j: number}} */
    const makeCell = (i, j) => {
      const look = () => open(i, j)
      const click = () => {
        look()
        settle()
      }
      return { cell: makeButton("", click, { tabIndex: -1, onmouseenter: look, onfocus: look }), i, j }
    }
    const places = maps.map((_, i) => i)
    const cells = places.flatMap((i) => places.filter((j) => j !== i).map((j) => makeCell(i, j)))
    const table = make("div", { className: "matrix", style: { "--count": maps.length } }, [
      make("span"),
      ...maps.map(({ title }, j) => make("span", { className: "head", textContent: String(j + 1), title })),
      ...maps.flatMap(({ title, is_trivial }, i) => {
        const className = is_trivial ? "label trivial" : "label"
        const row = cells.filter((each) => each.i === i).map(({ cell }) => cell)
        const self = make("span", { className: "self" })
        return [
          make("span", { className, textContent: `${i + 1} ${title}`, title }),
          ...row.toSpliced(i, 0, /** @type {any} */ (self)),
        ]
      }),
    ])
    walkTable(
      table,
      ([down, right]) => {
        let [i, j] = [pair[0] + down, pair[1] + right]
        if (i === j) [i, j] = [i + down, j + right]
        return cells.find((each) => each.i === i && each.j === j)?.cell
      },
      settle,
    )
    const thumbs = maps.map((map, k) => {
      const click = () => {
        open(k, pair[0] === k ? pair[1] : pair[0])
        settle()
      }
      const name = make("small", { textContent: map.is_trivial ? `${map.title} (trivial)` : map.title })
      return makeButton("", click, {}, [draw(map), name])
    })
    const slider = createSlider({
      label: "Upper right: pixels in common, of the",
      max: shares.length - 1,
      describe: (value) => `top ${percent(shares[value])}`,
      show: (value) => {
        state.top = value
        open(pair[0], pair[1])
      },
      rest: tell,
    })
    slider.move(state.top)
    open(pair[0], pair[1])
    const help =
      "Lower left: rank correlation of all pixels (1 same order, 0 unrelated, below 0 opposite, blue). " +
      "Touch a cell, or move with the arrow keys."
    return [
      make("div", { className: "thumbs" }, thumbs),
      make("div", { className: "bar" }, makeScales(data.scales)),
      make("div", { className: "columns" }, [
        make("div", {}, [duel, sentence]),
        make("div", {}, [
          table,
          make("div", { className: "bar" }, [slider.element]),
          make("p", { className: "note", textContent: help }),
        ]),
      ]),
    ]
  },
)
