// Who looks at whom: every layer and head of the networks, for two sentences side by side; a
// network's pointer is one more, of a single head.
// All maps are here, so layers and heads are leafed through without the server; it hears of a new
// head when the reader lets go of the slider, because it opens that head further down, and of words.

import {
  clamp,
  createChoice,
  createFigure,
  createSlider,
  decodeBytes,
  make,
  makeButton,
  makeStatus,
  makeSvg,
  percentFine,
  readPairs,
  writePairs,
} from "../../figures/core.js"

/**
 * @typedef {{title: string, labels: string[], unknown: number[]}} Sentence
 * @typedef {{name: string, title: string, layers: number, heads: number, maps: string[], start: number[]}} Network
 * @typedef {{sentences: Sentence[], networks: Network[]}} Heads
 * @typedef {object} State
 * @property {string} net
 * @property {number} layer counted from 1, as on the page
 * @property {number} head
 * @property {string} words of each sentence the one that asks and the one asked, counted from 1
 */

const ROW = 24 // pixels a word; the same as in the style sheet
const LEVELS = 65_535

/** @param {string} text two bytes a share */
function decode(text) {
  const bytes = decodeBytes(text)
  const view = new DataView(bytes.buffer)
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) => view.getUint16(2 * i, true) / LEVELS)
}

/** @param {string} label */
const isMark = (label) => label === "[CLS]" || label === "[SEP]"

/**
 * @param {Sentence} sentence
 * @param {object} on
 * @param {(word: number | null) => void} on.hover
 * @param {(word: number) => void} on.ask
 * @param {(word: number) => void} on.target
 * @param {(cell: number) => void} on.open
 */
function createPanel({ title, labels, unknown }, on) {
  const words = labels.map((label, i) => {
    const isUnknown = unknown.includes(i)
    const look = () => on.hover(i)
    return makeButton(label, () => on.ask(i), {
      className: `${isUnknown ? "unknown" : ""} ${isMark(label) ? "mark" : ""}`,
      title: isUnknown ? "unknown to the network: read as [UNK]" : "",
      "aria-label": `from ${label}`,
      onmouseenter: look,
      onfocus: look,
    })
  })
  const left = make("div", { className: "words from", onmouseleave: () => on.hover(null) }, words)
  left.addEventListener("focusout", () => on.hover(null))
  const targets = labels.map((label, i) => {
    const [bar, share] = [make("i"), make("b")]
    const className = isMark(label) ? "mark" : ""
    const button = makeButton("", () => on.target(i), { className }, [bar, make("span", {}, [label]), share])
    return { button, bar, share }
  })
  const height = ROW * labels.length
  const lines = makeSvg("svg", {
    viewBox: `0 0 100 ${height}`,
    preserveAspectRatio: "none",
    "aria-hidden": "true",
    style: `height: ${height}px`,
  })
  const right = make(
    "div",
    { className: "words to" },
    targets.map(({ button }) => button),
  )
  const [heading, note] = [make("h5"), make("p", { className: "note" })]
  const grid = make("div", { className: "grid", role: "img" })
  grid.onclick = (event) => {
    const cell = Array.from(grid.children).indexOf(/** @type {Element} */ (event.target))
    if (cell >= 0) on.open(cell)
  }
  const element = make("section", {}, [
    make("h4", { textContent: title }),
    make("div", { className: "pair" }, [left, lines, right]),
    heading,
    grid,
    note,
  ])

  /** @type {(row: number[], from: number, to: number) => string} what a word looks at, in a sentence */
  const drawRow = (row, from, to) => {
    const top = Math.max(1e-6, ...row.filter((_, j) => !isMark(labels[j])))
    words.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(i === from))
    })
    lines.replaceChildren(
      ...row.map((value, j) => {
        const strength = Math.min(1, value / top)
        const [y1, y2] = [(from + 0.5) * ROW, (j + 0.5) * ROW]
        return makeSvg("path", {
          d: `M0,${y1}C50,${y1} 50,${y2} 100,${y2}`,
          class: j === to ? "line target" : isMark(labels[j]) ? "line mark" : "line",
          "stroke-width": 0.5 + 4 * strength,
          "stroke-opacity": 0.12 + 0.8 * strength,
        })
      }),
    )
    targets.forEach(({ button, bar, share }, j) => {
      bar.style.width = isMark(labels[j]) ? "0" : `${(100 * row[j]) / top}%`
      share.textContent = percentFine(row[j])
      button.setAttribute("aria-pressed", String(j === to))
      button.setAttribute("aria-label", `${percentFine(row[j])} to ${labels[j]}`)
    })
    return (
      `${title}: “${labels[from]}” looks at “${labels[to]}” with ${percentFine(row[to])}, ` +
      `at the marks [CLS] and [SEP] with ${percentFine(row[0] + row[row.length - 1])}.`
    )
  }
  /** @type {(shares: number[], heads: number, open: number, from: number, to: number) => void} */
  const drawGrid = (shares, heads, open, from, to) => {
    const isOne = shares.length === 1 // a pointer: there are no heads to choose from
    for (const part of [heading, grid, note]) part.style.display = isOne ? "none" : ""
    const top = Math.max(1e-6, ...shares)
    const best = shares.indexOf(Math.max(...shares))
    /** @param {number} k */
    const tell = (k) => `layer ${Math.floor(k / heads) + 1}, head ${(k % heads) + 1}`
    heading.textContent = `All heads at once: from “${labels[from]}” to “${labels[to]}” (a row a layer)`
    note.textContent =
      `Most: ${percentFine(shares[best])} in ${tell(best)}. On average ` +
      `${percentFine(shares.reduce((a, b) => a + b) / shares.length)}; spread evenly over all pieces it would be ` +
      `${percentFine(1 / labels.length)}.`
    grid.setAttribute("aria-label", note.textContent)
    grid.style.gridTemplateColumns = `repeat(${heads}, minmax(0, 1fr))`
    grid.replaceChildren(
      ...shares.map((value, k) =>
        make("i", {
          title: `${tell(k)}: ${percentFine(value)}`,
          className: k === open ? "open" : "",
          style: { "--share": value / top },
        }),
      ),
    )
  }
  return { element, drawRow, drawGrid }
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Heads, State>} scene */
  ({ data: { sentences, networks }, state, tell }) => {
    const maps = networks.map((network) => network.maps.map(decode))
    /** @type {[number, number] | null} sentence and word: a preview only */
    let hovered = null
    const findNetwork = () =>
      Math.max(
        0,
        networks.findIndex(({ name }) => name === state.net),
      )
    /** @param {Partial<State>} change */
    const go = (change) => {
      Object.assign(state, change)
      draw()
      tell()
    }
    /** @type {(place: 0 | 1, s: number, i: number) => void} the same word of the other sentence follows */
    const chooseWord = (place, s, i) => {
      const pairs = readPairs(state.words)
      sentences.forEach(({ labels }, other) => {
        if (other === s || labels[i] === sentences[s].labels[i]) pairs[other][place] = i
      })
      hovered = null
      go({ words: writePairs(pairs) })
    }
    /** @type {(label: string, name: "layer" | "head") => ReturnType<typeof createSlider>} */
    const createPlace = (label, name) =>
      createSlider({
        label,
        max: 0,
        describe: (value) => `${value + 1} of ${networks[findNetwork()][`${name}s`]}`,
        show: (value) => {
          state[name] = value + 1
          draw()
        },
        rest: tell,
      })
    const sliders = [createPlace("Layer", "layer"), createPlace("Head", "head")]
    const choice = createChoice(
      networks.map(({ title }) => title),
      (index) => {
        const { name, start } = networks[index]
        go({ net: name, layer: start[0] + 1, head: start[1] + 1 })
      },
    )
    const panels = sentences.map((sentence, s) =>
      createPanel(sentence, {
        hover: (word) => {
          hovered = word === null ? null : [s, word]
          draw()
        },
        ask: (word) => chooseWord(0, s, word),
        target: (word) => chooseWord(1, s, word),
        open: (cell) => {
          const { heads } = networks[findNetwork()]
          go({ layer: Math.floor(cell / heads) + 1, head: (cell % heads) + 1 })
        },
      }),
    )
    const status = makeStatus()

    const draw = () => {
      const network = findNetwork()
      const { layers, heads } = networks[network]
      const places = [clamp(state.layer - 1, layers - 1), clamp(state.head - 1, heads - 1)]
      sliders.forEach(({ input, move }, i) => {
        input.max = String([layers, heads][i] - 1)
        move(places[i])
      })
      choice.press(network)
      const open = places[0] * heads + places[1]
      const pairs = readPairs(state.words)
      const said = panels.map(({ drawRow, drawGrid }, s) => {
        const size = sentences[s].labels.length
        const from = hovered?.[0] === s ? hovered[1] : pairs[s][0]
        const to = pairs[s][1]
        /** @type {(head: number, j: number) => number} */
        const read = (head, j) => maps[network][s][(head * size + from) * size + j]
        const shares = Array.from({ length: layers * heads }, (_, head) => read(head, to))
        drawGrid(shares, heads, open, from, to)
        return drawRow(
          sentences[s].labels.map((_, j) => read(open, j)),
          from,
          to,
        )
      })
      status.textContent = said.join(" ")
    }
    draw()
    return [
      make("div", { className: "bar" }, [
        ...(networks.length > 1 ? choice.buttons : []),
        ...sliders.map(({ element }) => element),
      ]),
      make(
        "div",
        { className: "sides" },
        panels.map(({ element }) => element),
      ),
      status,
    ]
  },
)
