// One head opened: a word's query meets every key, the products become shares, the shares mix the
// values. All numbers are the network's own; temperature and words are changed here.

import {
  createFigure,
  createSelect,
  createSlider,
  make,
  makeButton,
  makeStatus,
  number,
  percentFine,
  readPairs,
  tint,
  writePairs,
} from "../../figures/core.js"

/**
 * @typedef {object} Opened
 * @property {string} title
 * @property {string[]} labels
 * @property {number[][]} queries (T, d)
 * @property {number[][]} keys (T, d)
 * @property {number[][]} values (T, d), (T, 0) of a pointer
 * @property {number[][]} attention (T, T)
 * @typedef {{sentences: Opened[], temperatures: number[]}} Head
 * @typedef {{temperature: number, sentence: number, words: string}} State words: as attention_player's
 */

const COLUMNS = ["word", "key (what it offers)", "q·k", "", "share", "value (what it gives)"]

/** @type {(a: number[], b: number[]) => number} */
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0)
/** @param {number[][]} rows */
const findLargest = (rows) => Math.max(1e-6, ...rows.flat().map(Math.abs))

/**
 * Return shares that add up to one.
 * @param {number[]} scores
 * @param {number} temperature
 */
export function softmax(scores, temperature) {
  const top = Math.max(...scores)
  const powers = scores.map((score) => Math.exp((score - top) / temperature))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}

/**
 * Return over how many equal shares attention would be as spread: 2 to the entropy.
 * @param {number[]} shares
 */
export const countSpread = (shares) => 2 ** -shares.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0)

/**
 * Draw numbers as a strip of colours.
 * @param {HTMLElement} strip
 * @param {number[]} numbers
 * @param {number} top
 */
function paint(strip, numbers, top) {
  const width = 100 / numbers.length
  const stops = numbers.map((value, i) => `${tint(value / top)} ${i * width}% ${(i + 1) * width}%`)
  strip.style.background = `linear-gradient(to right, ${stops.join(", ")})`
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Head, State>} scene */
  ({ data, state, tell }) => {
    const { temperatures } = data
    const width = data.sentences[0].queries[0].length
    const hasValues = data.sentences[0].values[0].length > 0 // a pointer passes on nothing
    const isTrained = () => state.temperature === 1
    /** @type {number | null} the key that is pointed at: a preview only */
    let hovered = null
    const getSentence = () => data.sentences[state.sentence]
    /** @type {(place: 0 | 1, word: number) => void} */
    const chooseWord = (place, word) => {
      const pairs = readPairs(state.words)
      pairs[state.sentence][place] = word
      state.words = writePairs(pairs)
      draw()
      tell()
    }
    const sides = createSelect("Sentence", (index) => {
      state.sentence = index
      fill()
      tell()
    })
    const words = createSelect("The word that asks", (index) => chooseWord(0, index))
    const slider = createSlider({
      label: "Temperature",
      max: temperatures.length - 1,
      describe: (step) => number(temperatures[step]),
      show: (step) => {
        state.temperature = temperatures[step]
        draw()
      },
      rest: tell,
    })
    const reset = makeButton("1: as trained", () => {
      state.temperature = 1
      draw()
      tell()
    })
    const [query, mixed] = [make("div", { className: "strip" }), make("div", { className: "strip" })]
    const [asks, proof] = [make("p", { className: "note" }), make("p", { className: "note" })]
    const table = make("div", { className: "table" })
    const opened = makeStatus()
    /** @type {{button: HTMLElement, product: HTMLElement, score: HTMLElement, bar: HTMLElement, share: HTMLElement}[]} */
    let rows = []
    /** @param {number | null} word */
    const hover = (word) => {
      hovered = word
      draw()
    }

    /** @type {(label: string, j: number) => typeof rows[number]} */
    const makeRow = (label, j) => {
      const { keys, values } = getSentence()
      const [key, value] = [make("span", { className: "strip" }), make("span", { className: "strip" })]
      paint(key, keys[j], findLargest(keys))
      if (hasValues) paint(value, values[j], findLargest(values))
      const [product, score, bar, share] = [make("span"), make("span"), make("i"), make("b")]
      const look = () => hover(j)
      const on = { className: "row", onmouseenter: look, onfocus: look }
      const parts = [
        make("span", {}, [label]),
        key,
        product,
        score,
        make("span", { className: "share" }, [bar, share]),
        ...(hasValues ? [value] : []),
      ]
      return { button: makeButton("", () => chooseWord(1, j), on, parts), product, score, bar, share }
    }
    const fill = () => {
      const { labels } = getSentence()
      rows = labels.map(makeRow)
      const columns = hasValues ? COLUMNS : COLUMNS.slice(0, -1)
      const titles = columns.map((title) => make("span", { textContent: title || `÷ √${width}` }))
      table.replaceChildren(make("div", { className: "row title" }, titles), ...rows.map(({ button }) => button))
      sides.fill(
        data.sentences.map(({ title }) => title),
        state.sentence,
      )
      draw()
    }
    const draw = () => {
      const { labels, queries, keys, values, attention } = getSentence()
      const pair = readPairs(state.words)[state.sentence]
      const [from, k] = [pair[0], hovered ?? pair[1]]
      const q = queries[from]
      const products = keys.map((key) => dot(q, key))
      const scores = products.map((product) => product / Math.sqrt(width))
      const shares = softmax(scores, state.temperature)
      words.fill(labels, from)
      const far = temperatures.map((each) => Math.abs(each - state.temperature))
      slider.move(far.indexOf(Math.min(...far)))
      paint(query, q, findLargest(queries))
      const start = q.slice(0, 4).map((value) => number(value))
      asks.textContent = `The query of “${labels[from]}”: ${width} numbers, starting ${start.join(", ")} …`
      rows.forEach(({ button, product, score, bar, share }, j) => {
        const told = [number(products[j]), number(scores[j]), percentFine(shares[j])]
        product.textContent = told[0]
        score.textContent = told[1]
        share.textContent = told[2]
        bar.style.width = `${100 * shares[j]}%`
        button.setAttribute("aria-pressed", String(j === k))
        button.setAttribute("aria-label", `${labels[j]}: product ${told[0]}, score ${told[1]}, share ${told[2]}`)
      })
      const parts = q.map((a, i) => ({ a, b: keys[k][i], product: a * keys[k][i] }))
      const largest = parts.toSorted((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, 3)
      const shown = largest.map(({ a, b, product }) => `${number(a)} × ${number(b)} = ${number(product)}`)
      opened.textContent =
        `“${labels[from]}” and “${labels[k]}”: the largest of the ${width} products are ${shown.join(", ")}; ` +
        `all together ${number(products[k])}, divided by √${width} ${number(scores[k])}, ` +
        `after softmax ${percentFine(shares[k])}.`
      if (hasValues)
        paint(
          mixed,
          values[0].map((_, i) => values.reduce((sum, value, j) => sum + shares[j] * value[i], 0)),
          findLargest(values),
        )
      const off = Math.max(...softmax(scores, 1).map((value, j) => Math.abs(value - attention[from][j])))
      proof.textContent =
        `Attention is spread as over ${number(countSpread(shares), 1)} of ${shares.length} pieces. ` +
        (isTrained()
          ? "Computed here from the rounded numbers shown; the network's own shares differ by " +
            `${number(100 * off, 3)} percentage points at most.`
          : "This is not the network any more: it was trained at temperature 1.")
    }
    table.onmouseleave = () => hover(null)
    fill()
    return [
      make("div", { className: "bar" }, [sides.select, make("label", {}, ["asks: ", words.select])]),
      make("div", { className: "bar" }, [slider.element, reset]),
      asks,
      query,
      table,
      opened,
      ...(hasValues
        ? [make("p", { className: "note" }, ["What the head passes on: all values, each times its share."]), mixed]
        : []),
      proof,
    ]
  },
)
