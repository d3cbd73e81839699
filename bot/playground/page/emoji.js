// The emoji that people and bots use most, by Slack's names.

export const EMOJI = {
  alarm_clock: "⏰", arrow_down: "⬇️", arrow_right: "➡️", arrow_up: "⬆️", arrows_counterclockwise: "🔄", bar_chart: "📊",
  bell: "🔔", no_bell: "🔕", bulb: "💡", calendar: "📅", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉",
  clipboard: "📋", clock1: "🕐", cloud: "☁️", computer: "💻", construction: "🚧", credit_card: "💳", desktop_computer: "🖥️",
  dollar: "💵", email: "✉️", exclamation: "❗", eyes: "👀", file_folder: "📁", fire: "🔥", floppy_disk: "💾", gear: "⚙️",
  globe_with_meridians: "🌐", grey_question: "❔", hammer_and_wrench: "🛠️", heart: "❤️", heavy_check_mark: "✔️",
  hourglass: "⌛", hourglass_flowing_sand: "⏳", house: "🏠", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_yellow_circle: "🟡", link: "🔗", lock: "🔒", mag: "🔍",
  memo: "📝", money_with_wings: "💸", moneybag: "💰", moon: "🌔", mute: "🔇", no_entry: "⛔", no_entry_sign: "🚫",
  ok: "🆗", package: "📦", point_right: "👉", pushpin: "📌", question: "❓", raised_hands: "🙌", red_circle: "🔴",
  robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", seedling: "🌱", snowflake: "❄️", sparkles: "✨", speech_balloon: "💬",
  stopwatch: "⏱️", sunny: "☀️", sunrise: "🌅", tada: "🎉", thinking_face: "🤔", thumbsdown: "👎", thumbsup: "👍", "+1": "👍",
  "-1": "👎", wastebasket: "🗑️", warning: "⚠️", wave: "👋", white_check_mark: "✅", white_circle: "⚪", white_large_square: "⬜",
  wrench: "🔧", x: "❌", zap: "⚡", zzz: "💤", coffee: "☕", slightly_smiling_face: "🙂", smile: "😄", octagonal_sign: "🛑",
  black_square_for_stop: "⏹️", arrow_forward: "▶️", double_vertical_bar: "⏸️", satellite: "📡", electric_plug: "🔌",
  bookmark: "🔖", label: "🏷️", handshake: "🤝", hand: "✋", raised_hand: "✋", heavy_plus_sign: "➕", scales: "⚖️",
};
