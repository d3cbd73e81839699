"""Phrases that hold a number: 50k samples of 512 tokens, under $200, within 24h, 5 requests per second."""

from __future__ import annotations

import re
from functools import lru_cache

from estimator import parse_actions as do
from estimator.parse_actions import Action, Phrase
from estimator.parse_numbers import TIME_UNITS
from estimator.parse_text import Found, Text

A, B = r"#(?P<a>\d+)#", r"#(?P<b>\d+)#"  # where `Text.number` found a number
MARKS: dict[str, str] = {
    "A": A,
    "B": B,
    "TIME": r"(?P<time>" + "|".join(sorted(TIME_UNITS, key=len, reverse=True)) + r")(?![a-z0-9])",
    "LIMIT": r"(?:(?:\b(?:no more than|not more than|at most|maximum|max|up to|under|below|less than|fewer than|within|"
    r"in|cheaper than|faster than|cap|capped|limit|budget|deadline|by|before|not over|for|is|of|be|at|spend|spending|"
    r"about|around|roughly|cost|costs)\b|[<~=:]+) ?)",
    "SAMPLE": r"(?:samples?|examples?|rows?|records?|sentences?|documents?|docs|pairs?|conversations?|dialog(?:ue)?s?|"
    r"instructions?|articles?|reviews?|texts?|pages?|sequences?|items?|chats?|contracts?|emails?|tweets?|questions?|"
    r"summar(?:y|ies)|descriptions?|comments?|posts?|files?|"
    r"clips?|images?|photos?|pictures?|videos?|utterances?|paragraphs?|data ?points?|passages?|tickets?)",
    "REQUEST": r"(?:requests?|reqs?|queries|query|calls?|inferences?(?! steps?\b)|predictions?|invocations?|prompts?|"
    r"messages?)",
    "KINDOF": r"(?:(?!(?:tok|epoch|gpu|node|hour|day|x |of |per |an? |in |with |and |or |to |for |on |at )\w*)"
    r"(?P<describes>[a-z][a-z0-9'-]{1,15}) )?",
    "UNIT": r"tok(?:en)?s?|epochs?|eps?|x|by|px|qps|rps|hours?|hrs?|h|days?|d|ms|s|steps?|gpus?|nodes?|chips?|"
    r"machines?|instances?|samples?|rows?|requests?|users?|usd|dollars?|words?|layers?|heads?|images?",
    "TOK": r"tok(?:en)?s?",
    "PER": r"(?:/|per |an? |each |every )",
    "NODE": r"(?:nodes?|machines?|instances?|servers?|boxes|hosts?)",
    "GPU": r"(?:gpus?|accelerators?|chips?|cards?|devices?)",
    "CONTEXT": r"(?:context(?:[ _-]?(?:length|len|window|size))?|ctx)",
    "SEQ": r"(?:seq(?:uence)?s?(?:[ _-]?len(?:gth)?s?)?)",
    "OUT": r"(?:outputs?|out|generated|new|completions?|answers?|responses?|replies|reply)",
    "FEWER": r"(?:no more than|not more than|at most|maximum|max|up to|under|below|less than|fewer than)",
    "MS": r"(?P<unit>ms|milliseconds?|msec|seconds?|secs?|s)(?![a-z])",
}
# In the order in which they are looked for, the special before the general. {NAME} is one of MARKS.
TABLE: tuple[tuple[str, Action], ...] = (
    # money
    (r"{LIMIT}{0,3}(?:[€£]|\b(?:eur|gbp|inr|jpy) ?) ?{A}", do.other_money),
    (r"{LIMIT}{0,3}{A} ?(?:€|£|euros?\b|eur\b|gbp\b)", do.other_money),
    (r"{LIMIT}{0,3}(?:\$ ?|\busd ?){A}(?: ?(?:usd|dollars)\b)?(?: ?{PER} ?{TIME})?", do.money),
    (r"{LIMIT}{0,3}{A} ?(?:\$|usd\b|dollars?\b|bucks\b)(?: ?{PER} ?{TIME})?", do.money),
    # latency
    (
        r"\b(?:ttft|time to (?:the )?first token|first token)(?: latency)? ?{LIMIT}{0,3}{A} ?{MS}",
        do.latency("max_ttft_ms"),
    ),
    (
        r"\b(?:tpot|itl|time per (?:output )?token|inter-?token(?: latency)?|per[- ]token latency) ?"
        r"{LIMIT}{0,3}{A} ?{MS}",
        do.latency("max_tpot_ms"),
    ),
    (r"\b(?:p\d\d ?)?(?:latency|response time) ?{LIMIT}{0,3}{A} ?{MS}", do.latency("max_latency_ms")),
    (
        r"(?:\bp\d\d ?(?:latency )?)?{LIMIT}{0,3}{A} ?(?P<unit>ms|milliseconds?|msec)"
        r"(?: (?:of )?(?:p\d\d )?latency)?(?![a-z])",
        do.latency("max_latency_ms"),
    ),
    (r"\bp\d\d ?(?:latency )?{LIMIT}{0,3}{A} ?{MS}", do.latency("max_latency_ms")),
    (r"{A} ?{TOK} ?(?:per|/|a|each) ?(?:param(?:eter)?|weight)s?\b", do.a_weight),
    # rates
    (
        r"{A} ?{KINDOF}(?:{REQUEST}|{SAMPLE}) ?(?:per|/|a|for|from) ?(?:each )?(?:user|person|customer|employee|head)"
        r"(?:,? ?(?:per|/|a|each|every) ?{TIME})?(?: daily)?(?![a-z])",
        do.a_user,
    ),
    (r"{A} ?{KINDOF}{REQUEST} each(?:,? ?(?:per|/|a|every) ?{TIME})?(?: daily)?(?![a-z])", do.a_user),
    (
        r"{A} ?(?:{SAMPLE}|candidates?|chunks?) (?:per|/|a|for each) ?(?:request|query|call|search|question)\b",
        do.a_request,
    ),
    (r"{A} ?(?:output |generated )?{TOK} ?{PER} ?{TIME}", do.per_time("output_rate")),
    (r"{A} ?{KINDOF}(?:{REQUEST}|{SAMPLE}|transactions?)? ?{PER} ?{TIME}", do.per_time("qps")),
    (r"{A} ?(?:qps|rps)\b", do.number("qps")),
    (r"\b(?:qps|rps) ?(?:of )?{A}", do.number("qps")),
    (
        r"{A} ?(?:concurrent|simultaneous|parallel) ?(?:users?|{REQUEST}|sessions?|streams?|clients?)?",
        do.number("concurrency"),
    ),
    (
        r"{A} ?(?:(?:daily|monthly|active|internal|total|registered) ){0,3}"
        r"(?:users?|clients?|people|customers|employees)(?: at (?:once|a time))?\b",
        do.number("concurrency"),
    ),
    (r"\bconcurrency ?(?:of )?{A}", do.number("concurrency")),
    (r"{A} ?(?:concurrency|in flight)\b", do.number("concurrency")),
    # sweeps
    (
        r"{A} ?(?:hyper-?parameter )?(?:trials?|sweeps?|configurations?|configs|variants|settings|runs)\b",
        do.number("trials"),
    ),
    (r"{A} (?:at a time|in parallel)\b", do.number("parallel_trials")),
    (
        r"\b(?P<word>lr|learning[ -]rate|warm-?up(?: steps| ratio)?|weight[ -]decay|dropout|temperature|seed|alpha|"
        r"lora[ -]alpha|top[_-]p|gradient accumulation(?: steps)?) ?(?:of |= ?|: ?)?{A}",
        do.harmless,
    ),
    # amounts
    (r"{A} ?(?:epochs?|eps?)\b", do.number("epochs")),
    (r"\bepochs? ?(?:of )?{A}", do.number("epochs")),
    (r"{A} ?{TIME} (?:of )?(?:[a-z]{3,15} )?(?:audio|speech|recordings?|voice|calls?)\b", do.audio),
    (r"{A} ?x ?{B} ?{TOK}\b", do.rows_of_tokens),
    (r"\b(?:avg|average|averaging|mean|median)(?: length)?(?: of)? {A} ?{TOK}\b", do.average),
    (r"{A} ?{TOK} (?:on average|avg|average)\b", do.average),
    (
        r"\b(?:in|input|prompts?)(?: of)? {A}(?: ?{TOK})? ?(?:and |, ?|/ ?|& ?)?(?:out|output) {B}(?: ?{TOK}\b)?",
        do.in_and_out,
    ),
    (
        r"{A} ?(?:{TOK} )?(?:in|input|prompt)(?: ?{TOK})?\b ?(?:and|,|/|&|\+|to)? ?{B} ?(?:{TOK} )?"
        r"(?:out(?:put)?|generated|new|completion)(?: ?{TOK})?\b",
        do.in_and_out,
    ),
    (
        r"{A} ?{KINDOF}(?P<thing>(?P<request>{REQUEST})|{SAMPLE}) (?:of|x|at) (?:length )?{B}(?P<told>)"
        r"(?: ?(?:each|long|apiece))?(?![ -]?(?:{UNIT})\b)",
        do.samples,
    ),
    (
        r"{A} ?{KINDOF}(?P<thing>(?P<request>{REQUEST})|{SAMPLE})(?![a-z])(?:,? ?(?:with |of |at |x |each |averaging )?"
        r"(?:length |up to |about |~ ?|max |around |roughly )?{B}[ -]?(?P<told>{TOK})"
        r"(?: ?(?:each|long|apiece|in length|per \w+))?)?(?![a-z])",
        do.samples,
    ),
    (
        r"{A}[ -]?(?:{TOK}[ -])?(?:input|prompts?|in(?= and| ?,| ?/|$| ?\|))(?:[ -]?{TOK})?(?: length)?(?![a-z])",
        do.tokens("input_tokens"),
    ),
    (r"\b(?:into|down to) (?:about |~ ?|up to )?{A} ?{TOK}\b", do.tokens("output_tokens")),
    (r"\b(?:source|src) {A}(?: ?{TOK}\b)?", do.tokens("input_tokens")),
    (r"\b(?:target|tgt) {A}(?: ?{TOK}\b)?", do.tokens("output_tokens")),
    (r"{A}[ -]?(?:{TOK}[ -])?{OUT}(?:[ -]?{TOK})?(?![a-z])", do.tokens("output_tokens")),
    (r"\b(?:inputs?|prompts?)(?: length)? ?(?:of |= ?|: ?)?{A}(?: ?{TOK}\b)?", do.tokens("input_tokens")),
    (
        r"\b(?:{OUT}|generat(?:e|es|ing))(?: length)? ?(?:of |= ?|: ?)?{A}(?: ?{TOK}\b)?",
        do.tokens("output_tokens"),
    ),
    # lengths
    (
        r"\b(?:{SEQ}|{CONTEXT}|max[ _-]?len(?:gth)?|lengths?) ?(?:of |is |at |: ?)?{A}"
        r"(?! ?(?:{GPU}|{NODE}))(?: ?{TOK}\b)?",
        do.tokens("seq_len"),
    ),
    (r"{A}[ -]?(?:{TOK}[ -])?(?:{SEQ}|{CONTEXT})\b", do.tokens("seq_len")),
    (r"{A}[ -]?{TOK} ?(?:each\b|long\b|apiece\b|(?:per|/|a) ?(?:{SAMPLE}|{REQUEST})(?![a-z]))", do.tokens("seq_len")),
    # batches
    (
        r"(?P<kind>\b(?:global|total|effective|micro|mini|per[ -]?(?:device|gpu|chip)|local)[ _-]?)?"
        r"\bbatch(?:es)?(?:[ _-]?size)?s? ?(?:of |is |: ?)?{A}(?P<tokens> ?{TOK}\b)?(?: ?{SAMPLE}\b)?"
        r"(?P<device> ?(?:per|/|a) ?{GPU})?",
        do.batch,
    ),
    (r"\bbs ?{A}", do.number("batch")),
    # more amounts
    (r"{A} ?words?\b", do.words),
    (r"{A} ?(?P<size>[kmgt])i?b(?:ytes?)? (?:of )?(?:text|data|corpus|documents?|tokens|code|books?)\b", do.text_bytes),
    (r"{A} ?(?:of )?(?:training |total )?{TOK}\b", do.all_tokens),
    (r"\b{TOK} ?(?:of |: ?)?{A}", do.all_tokens),
    (
        r"{A}[ -]?(?:training |optimi[sz]er |gradient |denoising |inference |sampling |diffusion )?"
        r"(?:steps?|iterations?|updates?)\b(?: (?:each|(?:per|an|a) (?:image|picture))\b)?",
        do.number("steps"),
    ),
    (r"\b(?:(?:classifier[- ]free )?guidance(?: scale)?|cfg(?: scale)?) ?(?:of |= ?|: ?)?{A}", do.guidance),
    (r"\b(?:steps?|iterations?) ?{A}", do.number("steps")),
    # splits and machines
    (r"\b(?:lora )?(?:rank|r) ?(?:of |= ?)?{A}", do.number("lora_rank")),
    (r"\b(?:tp|tensor[ -]parallel(?:ism)?)[ -]?(?:of |degree )?{A}", do.number("tp")),
    (r"\b(?:pp|pipeline[ -]parallel(?:ism)?)[ -]?(?:of |degree )?{A}", do.number("pp")),
    (r"\b(?:cp|context[ -]parallel(?:ism)?)[ -]?(?:of |degree )?{A}", do.number("cp")),
    (r"\b(?:ep|expert[ -]parallel(?:ism)?)[ -]?(?:of |degree )?{A}", do.number("ep")),
    (r"\b(?:dp|data[ -]parallel(?:ism)?)[ -]?(?:of |degree )?{A}", do.number("dp")),
    (r"\b(?:deepspeed )?zero[ -]?(?:stage )?-?{A}", do.zero),
    (r"\b(?:deepspeed )?stage[ -]?{A}", do.zero),
    (r"{A} ?{NODE} ?(?:of|with|x|,|each with)? ?{B} ?{GPU}(?: (?:each|per {NODE}))?\b", do.nodes_of_chips),
    (r"(?:\b{FEWER}(?: of)?|<) ?{A} ?{NODE}\b", do.number("max_nodes")),
    (r"{A} ?{NODE} (?:max|maximum|at most|or fewer|or less)\b", do.number("max_nodes")),
    (r"{A} ?{NODE}\b", do.number("nodes")),
    (r"{A} ?{GPU} (?:per|a|each) ?{NODE}\b", do.number("per_node")),
    (r"{A}[ -]?(?:nvidia |amd )?{GPU}\b", do.number("chips")),
    # shapes
    (r"{A}[ -]?layers?\b", do.number("layers")),
    (r"{A}[ -]?(?:kv|key-value)[ -]heads?\b", do.number("kv_heads")),
    (r"{A}[ -]?(?:attention )?heads?\b", do.number("heads")),
    (r"{A}[ -]?experts?\b", do.number("experts")),
    (r"\b(?:hidden(?: size)?|width|d_model) ?(?:of )?{A}", do.number("hidden")),
    (r"\bvocab(?:ulary)?(?: size)? ?(?:of )?{A}", do.number("vocab")),
    (r"{A}[ -]?active(?:[ -]param(?:eter)?s?)?\b", do.number("active_params")),
    (r"{A}[ -]?param(?:eter)?s?\b(?: (?:models?|llms?|networks?)\b)?", do.number("params")),
    (
        r"{A}[ -]?(?:(?:dense|decoder|language|large|moe|vision|encoder|open|custom|base|foundation|chat|text) ){0,2}"
        r"(?:models?|llms?|transformers?|networks?|nets?|lms?|cnns?|vits?|encoders?|decoders?|gpts?|llamas?|berts?)\b",
        do.number("params"),
    ),
    (r"\b(?:model )?(?:size|params|parameters) ?(?:of |: ?)?{A}", do.number("params")),
    (r"{A} ?(?:x|by) ?{B}(?: ?(?:px|pixels?|images?))?", do.resolution),
    # times
    (r"\bfor (?:about |around |~ ?)?{A} ?{TIME}", do.lasting),
    (
        r"(?:{LIMIT}|(?:finish(?:ed)?|done|completed?|ready|time) ?){0,4}{A}[ -]?{TIME}"
        r"(?: (?:max(?:imum)?|deadline|or less))?",
        do.deadline,
    ),
    (r"{A} ?/ ?{B}(?: ?{TOK}\b)?", do.in_and_out),
)


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[re.Pattern[str], Action], ...]:
    return tuple((re.compile(_filled(pattern)), action) for pattern, action in TABLE)


def _filled(pattern: str) -> str:
    for name, piece in MARKS.items():
        pattern = pattern.replace("{" + name + "}", piece)
    return pattern


def take_phrases(text: Text, found: Found) -> None:
    """Take every phrase with numbers out of the text."""
    for pattern, action in _compiled():
        while match := pattern.search(text.now):
            action(Phrase(match, tuple(text.numbers)), found)
            text.take(*match.span())
