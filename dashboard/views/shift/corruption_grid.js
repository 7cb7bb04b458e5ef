// A picture under every corruption (rows) at every severity (columns). All pictures and answers were
// computed on the server; cells are opened here alone. Only "show its map" asks for another map.

import {
  createFigure,
  make,
  makeButton,
  makeScales,
  makeStatus,
  number,
  percent,
  readColor,
  walkTable,
} from "../../figures/core.js"

/**
 * @typedef {{probability: number, told: string, is_held: boolean, picture: string}} Cell
 * @typedef {{name: string, title: string, group: string, cells: Cell[]}} Row
 * @typedef {{rows: Row[], answer: string, is_small: boolean}} Grid
 */

const SEVERITIES = [1, 2, 3, 4, 5]
const MIDDLE = [240, 240, 240]

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Grid, {cell: string, corruption: string}>} scene */
  ({ root, data, state, tell }) => {
    const [low, high] = [readColor(root, "blue"), readColor(root, "orange")]
    /** @type {(value: number) => string} white on blue at 0, black on orange at 1 */
    const mix = (value) => {
      const [from, to, share] = value < 0.5 ? [low, MIDDLE, value * 2] : [MIDDLE, high, value * 2 - 1]
      return `rgb(${from.map((each, i) => Math.round(each + share * (to[i] - each))).join(",")})`
    }
    const [name, severity] = state.cell.split("-")
    const asked = data.rows.findIndex((row) => row.name === name)
    let place = asked < 0 ? [0, 4] : [asked, Number(severity) - 1]
    const image = make("img")
    const sentence = makeStatus()
    const pick = () => {
      state.corruption = data.rows[place[0]].name
      settle()
    }
    const button = makeButton("", pick, { className: "open" })
    const settle = () => {
      state.cell = `${data.rows[place[0]].name}-${place[1] + 1}`
      tell()
    }
    /** @type {(i: number, j: number) => void} */
    const open = (i, j) => {
      place = [i, j]
      const { title, cells: row } = data.rows[i]
      image.src = row[j].picture
      image.alt = `The picture under ${title}, severity ${j + 1}`
      const now = row[j].is_held ? "still the answer" : `the network now says ${row[j].told}`
      sentence.textContent = `${title}, severity ${j + 1}: ${data.answer} ${percent(row[j].probability)}, ${now}.`
      button.textContent = `Show its map: ${title}`
      cells.forEach((each, at) => {
        const isOpen = at === i * SEVERITIES.length + j
        each.setAttribute("aria-pressed", String(isOpen))
        each.tabIndex = isOpen ? 0 : -1
      })
    }
    /** @type {(row: Row, cell: Cell, i: number, j: number) => HTMLButtonElement} */
    const makeCell = ({ title }, { probability, is_held, told }, i, j) => {
      const look = () => open(i, j)
      const click = () => {
        look()
        settle()
      }
      return makeButton(number(100 * probability, 0) + (is_held ? "" : "✗"), click, {
        "aria-label": `${title}, severity ${j + 1}: ${percent(probability)}, ${is_held ? "answer held" : `now ${told}`}`,
        style: { background: mix(probability), color: probability < 0.25 ? "#ffffff" : "#000000" },
        onmouseenter: look,
        onfocus: look,
      })
    }
    const cells = data.rows.flatMap((row, i) => row.cells.map((cell, j) => makeCell(row, cell, i, j)))
    const table = make("div", { className: "table" }, [
      make("span", { className: "label", textContent: "Severity" }),
      ...SEVERITIES.map((level) => make("span", { className: "head", textContent: String(level) })),
      ...data.rows.flatMap(({ title, group }, i) => [
        make("span", { className: "label", textContent: title, title: `${title} (${group})` }),
        ...cells.slice(i * SEVERITIES.length, (i + 1) * SEVERITIES.length),
      ]),
    ])
    walkTable(
      table,
      ([down, right]) => {
        const [i, j] = [place[0] + down, place[1] + right]
        return j in SEVERITIES ? cells[i * SEVERITIES.length + j] : undefined
      },
      settle,
    )
    const gradient = `linear-gradient(to right, rgb(${low}), rgb(${MIDDLE}), rgb(${high}))`
    const ends = [percent(0), `${percent(1)} probability of ${data.answer}; ✗ another answer won`]
    const side = make("div", { className: data.is_small ? "side small" : "side" }, [image, sentence, button])
    open(place[0], place[1])
    return [
      make("div", { className: "columns" }, [make("div", {}, [table, ...makeScales([[gradient, ...ends]])]), side]),
    ]
  },
)
