// Copies the address at the moment of the click: Streamlit rewrites it after every run.

import { createFigure, make, makeButton } from "../figures/core.js"

export default createFigure(
  /** @param {import("../figures/core.js").Scene<{note: string}, {}>} scene */
  ({ data }) => {
    const said = make("span", { role: "status" })
    const copy = async () => {
      const address = window.location.href
      try {
        await navigator.clipboard.writeText(address)
        said.textContent = `Copied. ${data.note}`
      } catch {
        said.textContent = `${address} ${data.note}` // plain http: to be copied by hand
      }
    }
    return [makeButton("🔗 Copy link to this", copy), said]
  },
)
