// The maps of a network's layers over the photo. Layers and maps change here, in the browser; the
// server is told which unit was opened, so that it can search for what else excites it.

import { createFigure, createPlayer, make, makeButton, makeStatus, showTile } from "../../figures/core.js"

/**
 * @typedef {object} Layer
 * @property {string} title
 * @property {string} note
 * @property {string} sprite
 * @property {number} columns
 * @property {number[]} channels
 * @property {string[]} notes
 * @property {string} kernels
 * @typedef {{photo: string, layers: Layer[]}} Maps
 * @typedef {{layer: number, unit: number, shown: number}} State the unit opened; the layer leafed to
 */

/**
 * @param {string} className
 * @param {string} sprite
 * @param {Layer} layer
 * @param {number} index
 */
function makeTile(className, sprite, { channels, columns }, index) {
  const tile = make("span", { className })
  showTile(tile, sprite, index, channels.length, columns)
  return tile
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Maps, State>} scene */
  ({ data, state, tell }) => {
    const title = make("h4")
    const note = make("p", { className: "note" })
    const overlay = make("div", { className: "overlay" })
    const caption = makeStatus("note")
    const grid = make("div", { className: "tiles" })
    const photo = make("img", { src: data.photo, alt: "The picture as the network sees it, in grey" })

    /** @type {(index: number) => void} */
    const open = (index) => {
      const { sprite, channels, columns, notes } = data.layers[state.shown]
      Array.from(grid.children).forEach((button, i) => {
        button.setAttribute("aria-pressed", String(i === index))
      })
      showTile(overlay, index < 0 ? "" : sprite, index, channels.length, columns)
      caption.textContent =
        index < 0
          ? `Channel ${state.unit} is not among the maps shown here.`
          : `Over the picture: channel ${channels[index]}. ${notes[index]}`
    }
    const find = () => (state.shown === state.layer ? data.layers[state.shown].channels.indexOf(state.unit) : 0)
    const player = createPlayer({
      label: "Layer, from the first to the last",
      max: data.layers.length - 1,
      describe: (index) => data.layers[index].title,
      show: (index) => {
        state.shown = index
        const layer = data.layers[index]
        title.textContent = layer.title
        note.textContent = layer.note
        const tiles = layer.channels.map((channel, i) => {
          const click = () => {
            Object.assign(state, { layer: index, unit: channel })
            open(i)
            tell()
          }
          const label = `Channel ${channel}. ${layer.notes[i]}`
          return makeButton("", click, { "aria-label": label, onmouseenter: () => open(i) }, [
            makeTile("map", layer.sprite, layer, i),
            ...(layer.kernels ? [makeTile("kernel", layer.kernels, layer, i)] : []),
            make("small", { textContent: String(channel) }),
          ])
        })
        grid.replaceChildren(...tiles)
        open(find())
      },
      rest: tell,
    })
    // What was pointed at is only a preview: the opened unit comes back.
    grid.onmouseleave = () => open(find())
    player.go(state.shown)
    return [
      player.element,
      make("div", { className: "columns" }, [
        make("div", {}, [make("div", { className: "stack" }, [photo, overlay]), caption]),
        make("div", {}, [title, note, grid]),
      ]),
    ]
  },
)
