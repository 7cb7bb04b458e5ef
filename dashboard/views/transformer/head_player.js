// One head opened: a word's query meets every key, the products become shares, the shares mix the
// values. All numbers are the network's own; temperature and words are changed here.

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

const show = (value) => value.toFixed(2)
const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`
const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0)
const largest = (rows) => Math.max(1e-6, ...rows.flat().map(Math.abs))

function softmax(scores, temperature) {
  const top = Math.max(...scores)
  const powers = scores.map((score) => Math.exp((score - top) / temperature))
  const sum = powers.reduce((a, b) => a + b)
  return powers.map((power) => power / sum)
}

// Numbers as a strip of colours: blue below zero, orange above, strong is far from zero.
function paint(element, numbers, top) {
  const width = 100 / numbers.length
  const stops = numbers.map((value, i) => {
    const side = value < 0 ? "var(--below)" : "var(--above)"
    const strength = Math.round(100 * Math.min(1, Math.abs(value) / top))
    return `color-mix(in srgb, ${side} ${strength}%, transparent) ${i * width}% ${(i + 1) * width}%`
  })
  element.style.background = `linear-gradient(to right, ${stops.join(", ")})`
}

const kept = { id: "", sentence: 0, words: [], step: 0, told: -1, key: [] }

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".head")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  if (kept.id !== data.id) Object.assign(kept, { id: data.id, sentence: 0, words: data.sentences.map((each) => each.from), key: data.sentences.map((each) => each.to) })
  if (kept.told !== data.step) kept.told = kept.step = data.step
  const trained = data.temperatures.indexOf(1)
  const width = data.sentences[0].queries[0].length

  const sides = make("select")
  sides.setAttribute("aria-label", "Sentence")
  data.sentences.forEach((each, i) => sides.append(make("option", { value: i, textContent: each.title })))
  const words = make("select")
  words.setAttribute("aria-label", "The word that asks")
  const slider = make("input", { type: "range", min: 0, max: data.temperatures.length - 1, step: 1 })
  slider.setAttribute("aria-label", "Temperature")
  const degrees = make("output")
  const reset = make("button", { type: "button", textContent: "1: as trained" })
  const query = make("div", { className: "strip" })
  const mixed = make("div", { className: "strip" })
  const asks = make("p", { className: "note" })
  const table = make("div", { className: "table" })
  const opened = make("p", { className: "what" })
  const proof = make("p", { className: "note" })
  opened.setAttribute("role", "status")

  const fill = () => {
    const sentence = data.sentences[kept.sentence]
    words.replaceChildren(...sentence.labels.map((label, i) => make("option", { value: i, textContent: label })))
    table.replaceChildren(
      make("div", { className: "row title" }, ["word", "key (what it offers)", "q·k", `÷ √${width}`, "share", "value (what it gives)"].map((textContent) => make("span", { textContent }))),
      ...sentence.labels.map((label, j) => {
        const row = make("button", { type: "button", className: "row" }, [
          make("span", { textContent: label }), make("span", { className: "strip" }), make("span"), make("span"),
          make("span", { className: "share" }, [make("i"), make("b")]), make("span", { className: "strip" }),
        ])
        row.onclick = row.onmouseenter = row.onfocus = () => { kept.key[kept.sentence] = j; draw() }
        return row
      }),
    )
    const [tops, gives] = [largest(sentence.keys), largest(sentence.values)]
    ;[...table.children].slice(1).forEach((row, j) => {
      paint(row.children[1], sentence.keys[j], tops)
      paint(row.children[5], sentence.values[j], gives)
    })
  }

  const draw = () => {
    const sentence = data.sentences[kept.sentence]
    const temperature = data.temperatures[kept.step]
    const from = kept.words[kept.sentence]
    const q = sentence.queries[from]
    const products = sentence.keys.map((key) => dot(q, key))
    const scores = products.map((product) => product / Math.sqrt(width))
    const shares = softmax(scores, temperature)
    sides.value = kept.sentence
    words.value = from
    slider.value = kept.step
    degrees.textContent = temperature.toFixed(2)
    slider.setAttribute("aria-valuetext", degrees.textContent)
    paint(query, q, largest(sentence.queries))
    asks.textContent = `The query of “${sentence.labels[from]}”: ${width} numbers, starting ${q.slice(0, 4).map(show).join(", ")} …`
    ;[...table.children].slice(1).forEach((row, j) => {
      row.children[2].textContent = show(products[j])
      row.children[3].textContent = show(scores[j])
      row.children[4].firstChild.style.width = `${100 * shares[j]}%`
      row.children[4].lastChild.textContent = percent(shares[j])
      row.setAttribute("aria-pressed", j === kept.key[kept.sentence])
      row.setAttribute("aria-label", `${sentence.labels[j]}: product ${show(products[j])}, score ${show(scores[j])}, share ${percent(shares[j])}`)
    })
    const k = kept.key[kept.sentence]
    const parts = q.map((value, i) => ({ i, a: value, b: sentence.keys[k][i], product: value * sentence.keys[k][i] }))
    parts.sort((a, b) => Math.abs(b.product) - Math.abs(a.product))
    const shown = parts.slice(0, 3).map((each) => `${show(each.a)} × ${show(each.b)} = ${show(each.product)}`).join(", ")
    opened.textContent = `“${sentence.labels[from]}” and “${sentence.labels[k]}”: the largest of the ${width} products are ${shown}; all together ${show(products[k])}, divided by √${width} ${show(scores[k])}, after softmax ${percent(shares[k])}.`
    const mix = sentence.values[0].map((_, i) => sentence.values.reduce((sum, value, j) => sum + shares[j] * value[i], 0))
    paint(mixed, mix, largest(sentence.values))
    const off = Math.max(...softmax(scores, 1).map((value, j) => Math.abs(value - sentence.attention[from][j])))
    const entropy = -shares.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0)
    const spread = `Attention is spread as over ${(2 ** entropy).toFixed(1)} of ${shares.length} pieces.`
    proof.textContent = kept.step === trained ? `${spread} Computed here from the rounded numbers shown; the network's own shares differ by ${(100 * off).toFixed(3)} percentage points at most.` : `${spread} This is not the network any more: it was trained at temperature 1.`
  }

  sides.onchange = () => { kept.sentence = Number(sides.value); fill(); draw() }
  words.onchange = () => { kept.words[kept.sentence] = Number(words.value); draw() }
  const tell = () => { kept.told = kept.step; setTriggerValue("step", kept.step) }
  slider.oninput = () => { kept.step = Number(slider.value); draw() }
  slider.onchange = tell
  reset.onclick = () => { kept.step = trained; draw(); tell() }
  root.replaceChildren(
    make("div", { className: "bar" }, [sides, make("label", {}, ["asks: ", words])]),
    make("div", { className: "bar" }, [make("label", { className: "slide" }, ["Temperature ", slider, degrees]), reset]),
    asks, query, table, opened,
    make("p", { className: "note", textContent: "What the head passes on: all values, each times its share." }),
    mixed, proof,
  )
  fill()
  draw()
}
