// A picture under every corruption (rows) at every severity (columns). All pictures and answers were
// computed on the server; cells are opened here alone. Only "show its map" asks the server.

const kept = { place: [0, 4] }

// White on blue at 0, black on orange at 1: Okabe and Ito's blue and orange over a pale middle.
const LOW = [0, 114, 178], MIDDLE = [240, 240, 240], HIGH = [230, 159, 0]

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function mix(value) {
  const [from, to, share] = value < 0.5 ? [LOW, MIDDLE, value * 2] : [MIDDLE, HIGH, value * 2 - 1]
  return from.map((each, i) => Math.round(each + share * (to[i] - each)))
}

const percent = (value) => `${Math.round(100 * value)} %`

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".grid")
  let place = [Math.min(kept.place[0], data.rows.length - 1), kept.place[1]]
  const cells = []
  const image = make("img")
  const sentence = make("p")
  sentence.setAttribute("role", "status")
  const button = make("button", { type: "button", className: "open" })

  const open = (i, j) => {
    place = [i, j]
    kept.place = place
    const row = data.rows[i]
    const cell = row.cells[j]
    image.src = cell.picture
    image.alt = `The picture under ${row.title}, severity ${j + 1}`
    const now = cell.is_held ? "still the answer" : `the network now says ${cell.told}`
    sentence.textContent = `${row.title}, severity ${j + 1}: ${data.answer} ${percent(cell.probability)}, ${now}.`
    button.textContent = `Show its map: ${row.title}`
    cells.forEach((each) => {
      const isOpen = each.i === i && each.j === j
      each.element.setAttribute("aria-pressed", isOpen)
      each.element.tabIndex = isOpen ? 0 : -1
    })
  }
  button.onclick = () => setTriggerValue("pick", data.rows[place[0]].name)

  const table = make("div", { className: "table" }, [
    make("span", { className: "label", textContent: "Severity" }),
    ...[1, 2, 3, 4, 5].map((level) => make("span", { className: "head", textContent: level })),
  ])
  data.rows.forEach((row, i) => {
    table.append(make("span", { className: "label", textContent: row.title, title: `${row.title} (${row.group})` }))
    row.cells.forEach((cell, j) => {
      const element = make("button", { type: "button", textContent: Math.round(100 * cell.probability) + (cell.is_held ? "" : "✗") })
      element.style.background = `rgb(${mix(cell.probability).join(",")})`
      element.style.color = cell.probability < 0.25 ? "#ffffff" : "#000000"
      element.setAttribute("aria-label", `${row.title}, severity ${j + 1}: ${percent(cell.probability)}, ${cell.is_held ? "answer held" : `now ${cell.told}`}`)
      element.onclick = () => open(i, j)
      element.onmouseenter = () => open(i, j)
      element.onfocus = () => open(i, j)
      cells.push({ element, i, j })
      table.append(element)
    })
  })
  // One stop for the Tab key, arrows inside.
  table.onkeydown = (event) => {
    const by = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key]
    if (!by) return
    event.preventDefault()
    const found = cells.find((each) => each.i === place[0] + by[0] && each.j === place[1] + by[1])
    if (found) found.element.focus()
  }
  const strip = make("i")
  strip.style.background = `linear-gradient(to right, rgb(${LOW}), rgb(${MIDDLE}), rgb(${HIGH}))`
  const scale = make("div", { className: "scale" }, [
    "0 %", strip, `100 % probability of ${data.answer}; ✗ another answer won`,
  ])
  const side = make("div", { className: data.is_small ? "side small" : "side" }, [image, sentence, button])
  root.replaceChildren(make("div", { className: "columns" }, [make("div", {}, [table, scale]), side]))
  open(...place)
}
