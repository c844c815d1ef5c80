//! A [`View`] on a terminal of any size: panels side by side where it is wide, the less important ones left out where it is
//! low. It knows nothing of what the words mean.

use super::view::{Cell, Column, Table, Tone, View};
use crate::progress::moment;
use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{self, Axis, Block, Chart, Dataset, GraphType, Padding, Paragraph, Row, Widget};

/// From this width on panels stand side by side.
const WIDE: u16 = 120;
/// Two lines of border and one of heads.
const FRAME: u16 = 3;
/// Below this a curve cannot be read.
const CURVE_MIN: u16 = 7;
const CURVE_WISH: u16 = 10;
/// Blanks between two columns.
const GAP: u16 = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Panel {
    Equity,
    Bots,
    Orders,
    Blockers,
    Events,
    Links,
}

/// Panels in reading order, those of a line side by side.
const SIDE_BY_SIDE: &[&[Panel]] =
    &[&[Panel::Equity, Panel::Links], &[Panel::Bots], &[Panel::Orders, Panel::Blockers], &[Panel::Events]];
const BELOW_EACH_OTHER: &[&[Panel]] = &[
    &[Panel::Equity],
    &[Panel::Bots],
    &[Panel::Orders],
    &[Panel::Blockers],
    &[Panel::Events],
    &[Panel::Links],
];

impl Panel {
    const fn title(self) -> &'static str {
        match self {
            Self::Equity => "Equity",
            Self::Bots => "Bots and positions",
            Self::Orders => "Orders",
            Self::Blockers => "Why not",
            Self::Events => "Lately",
            Self::Links => "Links",
        }
    }

    /// Who is left out last where there are too few lines, smallest first.
    const fn rank(self) -> u8 {
        match self {
            Self::Bots => 0,
            Self::Links => 1,
            Self::Events => 2,
            Self::Orders => 3,
            Self::Blockers => 4,
            Self::Equity => 5,
        }
    }

    /// The least number of lines that are worth having, and the number that shows all.
    fn lines(self, view: &View) -> (u16, u16) {
        let of = |table: &Table, others: usize| {
            let wish =
                u16::try_from(table.rows.len().max(1) + others).unwrap_or(u16::MAX).saturating_add(FRAME);
            (wish.min(FRAME + 2), wish)
        };
        match self {
            Self::Equity => (CURVE_MIN, CURVE_WISH),
            Self::Bots => of(&view.bots, 0),
            Self::Orders => of(&view.orders, 0),
            Self::Blockers => of(&view.blockers, 0),
            Self::Events => of(&view.events, 0),
            Self::Links => of(&view.links, view.health.len()),
        }
    }
}

/// Draws all of it into an area. `silence` is what is said instead of the market's clock when the figures are old.
pub(crate) fn draw(view: &View, silence: Option<&str>, area: Rect, buffer: &mut Buffer) {
    let account = flow(&view.account, area.width);
    let account_lines = u16::try_from(account.len()).unwrap_or(1);
    let [top, figures, middle, bottom] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(account_lines),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    head(view, silence, top, buffer);
    Paragraph::new(account).render(figures, buffer);
    let bands = if area.width >= WIDE { SIDE_BY_SIDE } else { BELOW_EACH_OTHER };
    let demands: Vec<Demand> = bands.iter().map(|band| Demand::of(band, view)).collect();
    let heights = share(&demands, middle.height);
    let areas = Layout::vertical(heights.iter().map(|height| Constraint::Length(*height))).split(middle);
    let mut left_out = Vec::new();
    for (band, area) in bands.iter().zip(areas.iter()) {
        if area.height == 0 {
            left_out.extend(band.iter().map(|panel| panel.title()));
            continue;
        }
        let parts = Layout::horizontal(band.iter().map(|_| Constraint::Fill(1))).split(*area);
        for (panel, part) in band.iter().zip(parts.iter()) {
            panel.draw(view, *part, buffer);
        }
    }
    foot(&left_out, bottom, buffer);
}

/// Every line of what [`draw`] shows at a width, without colours: for a pipe.
pub(crate) fn lines(view: &View, width: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, 200);
    let mut buffer = Buffer::empty(area);
    draw(view, None, area, &mut buffer);
    let line = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..area.height).map(|y| line(y).trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// How many lines a band of panels asks for.
struct Demand {
    least: u16,
    wish: u16,
    rank: u8,
}

impl Demand {
    fn of(band: &[Panel], view: &View) -> Self {
        let lines = || band.iter().map(|panel| panel.lines(view));
        Self {
            least: lines().map(|(least, _)| least).max().unwrap_or(0),
            wish: lines().map(|(_, wish)| wish).max().unwrap_or(0),
            rank: band.iter().map(|panel| panel.rank()).min().unwrap_or(u8::MAX),
        }
    }
}

/// The height of each: none at all where the least does not fit, and what is left over in turn to whoever wishes for more.
fn share(demands: &[Demand], available: u16) -> Vec<u16> {
    let mut order: Vec<usize> = (0..demands.len()).collect();
    order.sort_by_key(|index| demands[*index].rank);
    let (mut left, mut heights) = (available, vec![0; demands.len()]);
    for index in &order {
        if demands[*index].least <= left {
            heights[*index] = demands[*index].least;
            left -= demands[*index].least;
        }
    }
    loop {
        let left_before = left;
        for index in &order {
            if left > 0 && heights[*index] > 0 && heights[*index] < demands[*index].wish {
                heights[*index] += 1;
                left -= 1;
            }
        }
        if left == left_before {
            return heights;
        }
    }
}

fn style(tone: Tone) -> Style {
    match tone {
        Tone::Plain => Style::new(),
        Tone::Soft => Style::new().fg(Color::DarkGray),
        Tone::Good => Style::new().fg(Color::Green),
        Tone::Warn => Style::new().fg(Color::Yellow),
        // Bold as well, for terminals and eyes without colours.
        Tone::Bad => Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
    }
}

fn span(cell: &Cell) -> Span<'_> {
    Span::styled(cell.words.as_str(), style(cell.tone))
}

fn head(view: &View, silence: Option<&str>, area: Rect, buffer: &mut Buffer) {
    let mut words = vec![
        Span::styled(" windvane ", Style::new().add_modifier(Modifier::BOLD)),
        Span::raw(format!(" {}  ", view.place)),
        span(&view.state).add_modifier(Modifier::REVERSED),
    ];
    words.extend(view.waits.iter().map(|waits| Span::styled(format!("  {waits}"), style(Tone::Warn))));
    let clock = Line::from(match silence {
        Some(silence) => Span::styled(format!(" {silence} "), style(Tone::Bad)),
        None => Span::styled(format!(" market {} ", view.moment), style(Tone::Soft)),
    });
    let clock_width = u16::try_from(clock.width()).unwrap_or(u16::MAX);
    let [left, right] =
        Layout::horizontal([Constraint::Fill(1), Constraint::Length(clock_width)]).areas(area);
    Line::from(words).render(left, buffer);
    clock.render(right, buffer);
}

fn foot(left_out: &[&str], area: Rect, buffer: &mut Buffer) {
    let hidden =
        if left_out.is_empty() { String::new() } else { format!("  No room for: {}.", left_out.join(", ")) };
    Line::styled(format!(" Read-only. q leaves.{hidden}"), style(Tone::Soft)).render(area, buffer);
}

/// Figures with their names, as many in a line as fit.
fn flow<'v>(figures: &'v [(&'static str, Cell)], width: u16) -> Vec<Line<'v>> {
    let mut lines = vec![Line::raw(" ")];
    for (name, cell) in figures {
        let one = [Span::styled(format!("{name} "), style(Tone::Soft)), span(cell), Span::raw("   ")];
        let one = Line::from_iter(one);
        if lines
            .last()
            .is_some_and(|line| line.width() > 1 && line.width() + one.width() > usize::from(width))
        {
            lines.push(Line::raw(" "));
        }
        if let Some(line) = lines.last_mut() {
            line.spans.extend(one.spans);
        }
    }
    lines
}

impl Panel {
    fn draw(self, view: &View, area: Rect, buffer: &mut Buffer) {
        match self {
            Self::Equity => curve(&view.curve, self.frame(String::new()), area, buffer),
            Self::Bots => self.table(&view.bots, area, buffer),
            Self::Orders => self.table(&view.orders, area, buffer),
            Self::Blockers => self.table(&view.blockers, area, buffer),
            Self::Events => self.table(&view.events, area, buffer),
            Self::Links => {
                let health =
                    u16::try_from(view.health.len()).unwrap_or(0).min(area.height.saturating_sub(FRAME + 2));
                let block = self.frame(String::new());
                let [table, facts] = Layout::vertical([Constraint::Fill(1), Constraint::Length(health)])
                    .areas(block.inner(area));
                block.render(area, buffer);
                rows(&view.links, table, buffer);
                let names = view.health.iter().map(|(name, cell)| {
                    Line::from(vec![Span::styled(format!("{name}  "), style(Tone::Soft)), span(cell)])
                });
                Paragraph::new(names.collect::<Vec<_>>()).render(facts, buffer);
            }
        }
    }

    /// Its border, with its name and what is to be said beside that.
    fn frame(self, beside: String) -> Block<'static> {
        let title = Line::from(vec![
            Span::styled(format!(" {} ", self.title()), Style::new().add_modifier(Modifier::BOLD)),
            Span::styled(beside, style(Tone::Soft)),
        ]);
        Block::bordered().border_style(style(Tone::Soft)).padding(Padding::horizontal(1)).title(title)
    }

    fn table(self, table: &Table, area: Rect, buffer: &mut Buffer) {
        let hidden = table.rows.len().saturating_sub(usize::from(area.height.saturating_sub(FRAME)));
        let count = if table.rows.is_empty() { String::new() } else { format!("{} ", table.rows.len()) };
        let mut block = self.frame(count);
        if hidden > 0 {
            let more = Line::styled(format!(" {hidden} more "), style(Tone::Soft));
            block = block.title_bottom(more.alignment(Alignment::Right));
        }
        let inner = block.inner(area);
        block.render(area, buffer);
        rows(table, inner, buffer);
    }
}

/// As many columns as fit, from the left. The last of them may be cut where it holds words.
fn rows(table: &Table, area: Rect, buffer: &mut Buffer) {
    if table.rows.is_empty() {
        Line::styled(table.empty, style(Tone::Soft)).render(area, buffer);
        return;
    }
    let widths = widths(table, area.width);
    let shown = &table.columns[..widths.len()];
    let heads = shown.iter().map(|column| aligned(column, Span::styled(column.head, style(Tone::Soft))));
    let row = |cells| {
        let cells = shown.iter().zip(cells).map(|(column, cell)| aligned(column, span(cell)));
        Row::new(cells.collect::<Vec<_>>())
    };
    widgets::Table::new(table.rows.iter().map(row), widths.iter().map(|width| Constraint::Length(*width)))
        .header(Row::new(heads))
        .column_spacing(GAP)
        .render(area, buffer);
}

fn aligned<'c>(column: &Column, span: Span<'c>) -> Line<'c> {
    Line::from(span).alignment(if column.is_figure { Alignment::Right } else { Alignment::Left })
}

/// A column of words narrower than this says nothing.
const WORDS_MIN: u16 = 10;

/// The widths of the columns that fit into a line.
fn widths(table: &Table, width: u16) -> Vec<u16> {
    let (mut left, mut widths) = (width, Vec::new());
    for (n, column) in table.columns.iter().enumerate() {
        let longest =
            table.rows.iter().filter_map(|row| row.get(n)).map(|cell| Line::raw(&cell.words).width());
        let longest = longest.max().unwrap_or(0).max(column.head.len());
        let wanted = u16::try_from(longest).unwrap_or(u16::MAX);
        if wanted > left && (column.is_figure || left < WORDS_MIN) {
            break;
        }
        widths.push(wanted.min(left));
        left = left.saturating_sub(wanted).saturating_sub(GAP);
    }
    widths
}

fn curve(points: &[(i64, f64)], block: Block<'_>, area: Rect, buffer: &mut Buffer) {
    let [first, .., last] = points else {
        let words = Paragraph::new("The first points are on their way.").style(style(Tone::Soft));
        words.block(block).render(area, buffer);
        return;
    };
    let line: Vec<(f64, f64)> = points.iter().map(|(at, equity)| ((at - first.0) as f64, *equity)).collect();
    let end = (last.0 - first.0) as f64;
    let began = [(0.0, first.1), (end, first.1)];
    let values = || points.iter().map(|(_, equity)| *equity);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    // A flat line lies in the middle.
    let margin = if high > low { 0.0 } else { high.abs().max(1.0) * 0.001 };
    let dataset = |data, tone| {
        Dataset::default().marker(Marker::Braille).graph_type(GraphType::Line).style(style(tone)).data(data)
    };
    let tone = if last.1 >= first.1 { Tone::Good } else { Tone::Bad };
    let money = |value: f64| Line::styled(format!("{value:.2}"), style(Tone::Soft));
    let date = |ms: i64| Line::styled(moment(ms), style(Tone::Soft));
    Chart::new(vec![dataset(&began, Tone::Soft), dataset(&line, tone)])
        .block(block)
        .x_axis(Axis::default().bounds([0.0, end]).labels([date(first.0), date(last.0)]))
        .y_axis(Axis::default().bounds([low - margin, high + margin]).labels([money(low), money(high)]))
        .render(area, buffer);
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use serde_json::{Value, json};

    fn status() -> Value {
        let order = |n: u32| {
            json!({ "bot": "maker", "symbol": "DOGEUSDT", "side": "Buy", "qty": "100", "price": "0.1", "state": "Live",
                    "filled_qty": "0", "age_seconds": 4.2, "client_order_id": format!("abc-{n}") })
        };
        json!({
            "environment": "testnet", "version": "0.0.0", "run_state": "active", "market_ms": 1_772_409_600_000_i64,
            "waiting_for": "a reconciliation", "coin": "USDT", "equity": "100129.129", "day_pnl": "29.129",
            "drawdown": 0.013, "available": "90000", "initial_margin_ratio": 0.1, "maintenance_margin_ratio": 0.01,
            "orders_unknown": 0, "foreign_orders": 2,
            "bots": [
                { "name": "trend", "symbol": "BTCUSDT", "side": "Sell", "qty": "0.1", "stop_loss": null,
                  "unprotected_seconds": 12.3, "unrealised_pnl": "-4", "net_pnl": "3", "average_price": "65000",
                  "mark": "65040", "liquidation_distance": 0.4, "open_orders": 0, "fills": 7,
                  "conditions": [{ "name": "calm", "holds": false, "blocked": 3 }] },
                { "name": "maker", "symbol": "DOGEUSDT", "side": null, "net_pnl": "0", "open_orders": 9, "fills": 0 },
            ],
            "orders": (0..9).map(order).collect::<Vec<_>>(),
            "links": [{ "stream": "private", "is_up": true, "age_seconds": 0.2, "topics": 4, "reconnects": 1 }],
            "events": [{ "market_ms": 1_772_409_590_000_i64, "kind": "fill", "bot": "trend", "symbol": "BTCUSDT",
                         "text": "sold 0.1 at 65000" }],
            "equity_curve": [[1_772_406_000_000_i64, 100_100.0], [1_772_408_000_000_i64, 100_050.0],
                             [1_772_409_600_000_i64, 100_129.13]],
            "clock_offset_seconds": 0.0012, "round_trip_seconds": 0.08, "reconciled_seconds": 30.0, "journal_unsynced": 0,
        })
    }

    fn on_terminal(width: u16, height: u16, silence: Option<&str>) -> Terminal<TestBackend> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let view = View::of(&status());
        terminal.draw(|frame| draw(&view, silence, frame.area(), frame.buffer_mut())).unwrap();
        terminal
    }

    #[test]
    fn a_wide_terminal_shows_everything_side_by_side() {
        insta::assert_snapshot!(on_terminal(140, 40, None).backend());
    }

    #[test]
    fn a_small_terminal_keeps_positions_and_links_and_names_what_it_leaves_out() {
        insta::assert_snapshot!(on_terminal(80, 24, None).backend());
    }

    #[test]
    fn a_naked_position_is_red_and_old_figures_are_called_so() {
        let terminal = on_terminal(140, 40, Some("no answer for 4 s: old figures"));
        let buffer = terminal.backend().buffer();
        let place = |words: &str| {
            (0..40).find_map(|y| {
                let line: Vec<&str> = (0..140).map(|x| buffer[(x, y)].symbol()).collect();
                let at = (0..140).find(|x| line[*x..].concat().starts_with(words))?;
                Some((u16::try_from(at).unwrap(), y))
            })
        };
        for words in ["NONE for 12 s", "no answer for 4 s: old figures"] {
            let cell = &buffer[place(words).unwrap_or_else(|| panic!("no `{words}`"))];
            assert_eq!((cell.fg, cell.modifier), (Color::Red, Modifier::BOLD), "{words}");
        }
        assert_eq!(place("market 2026"), None, "the clock of old figures would look like now");
    }

    #[test]
    fn no_size_is_too_small_to_draw_on() {
        for (width, height) in [(1, 1), (10, 3), (30, 8), (200, 4), (20, 80)] {
            on_terminal(width, height, None);
        }
    }

    #[test]
    fn lines_are_shared_by_rank_and_none_is_given_twice() {
        let demand = |least, wish, rank| Demand { least, wish, rank };
        let demands = [demand(7, 10, 2), demand(5, 6, 0), demand(5, 40, 1)];
        assert_eq!(share(&demands, 4), [0, 0, 0]);
        assert_eq!(share(&demands, 11), [0, 6, 5]);
        assert_eq!(share(&demands, 17), [7, 5, 5]);
        assert_eq!(share(&demands, 30), [10, 6, 14]);
        assert_eq!(share(&demands, 90), [10, 6, 40]);
    }

    #[test]
    fn a_pipe_gets_every_row() {
        let text = lines(&View::of(&status()), 160).join("\n");
        assert!(text.contains("abc-8") && !text.contains(" more "), "{text}");
    }
}
