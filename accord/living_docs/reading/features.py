"""What was to run: Gherkin documents, and the pickles that were made of them."""

from collections.abc import Collection
from operator import is_
from sys import intern

from accord.gherkin.document import KINDS
from accord.living_docs.model import Background, Examples, Feature, Pickle, Rule, Scenario
from accord.living_docs.reading.fields import (
    Json,
    add,
    argument_of,
    cells_of,
    digest_of,
    line_of,
    list_of,
    tags_of,
    text_of,
    title_of,
)
from accord.living_docs.reading.ids import Ids, compact, hashes
from accord.living_docs.run import StepText
from accord.recording import ndjson


class Features:
    """Takes the documents first, then pickles: what refers to nothing before it is a LookupError."""

    def __init__(self) -> None:
        self.features: list[Feature] = []
        # Each with the ids of its steps, and the digest of its message.
        self.pickles: dict[str, tuple[Pickle, Ids, int]] = {}
        self._documents: dict[str, int] = {}
        self._scenarios: dict[str, Scenario] = {}
        # Of each row of examples: the scenario, the cells, and the pickles made of it.
        self._rows: dict[str, tuple[Scenario, list[str], list[Pickle]]] = {}
        self._steps: dict[str, StepText] = {}
        # The steps of all pickles, by the hashes of their ids, once somebody asks for one.
        self._pickle_steps: dict[int, StepText] | None = None

    def gherkin_document(self, message: Json) -> None:
        """Take a feature file; one without a feature has nothing to show."""
        node, uri = message.get("feature"), text_of(message, "uri")
        # Where a file is there twice, and has changed in between, both are shown.
        if node is None or self._documents.get(uri) == (digest := hash(ndjson.dumps(message))):
            return
        self._documents[uri] = digest
        feature = Feature(uri, text_of(node, "language"), *title_of(node), tags_of(node))
        self.features.append(feature)
        for child in list_of(node, "children"):
            if "background" in child:
                feature.background = self._background(child["background"])
            elif "scenario" in child:
                feature.scenarios.append(self._scenario(child["scenario"], feature, None))
            elif "rule" in child:
                feature.rules.append(self._rule(child["rule"], feature))

    def _rule(self, node: Json, feature: Feature) -> Rule:
        rule = Rule(*title_of(node), tags_of(node))
        for child in list_of(node, "children"):
            if "background" in child:
                rule.background = self._background(child["background"])
            else:
                rule.scenarios.append(self._scenario(child["scenario"], feature, rule))
        return rule

    def _background(self, node: Json) -> Background:
        return Background(*title_of(node), self._step_texts(node, background=True))

    def _scenario(self, node: Json, feature: Feature, rule: Rule | None) -> Scenario:
        steps = self._step_texts(node, background=False)
        scenario = Scenario(feature, rule, *title_of(node), tags_of(node), steps, line=line_of(node))
        add(self._scenarios, node, scenario)
        scenario.examples = [self._examples(it, scenario) for it in list_of(node, "examples", optional=True)] or ()
        return scenario

    def _examples(self, table: Json, scenario: Scenario) -> Examples:
        header = cells_of(table["tableHeader"]) if table.get("tableHeader") else []
        examples = Examples(*title_of(table), tags_of(table), header)
        for row in list_of(table, "tableBody", optional=True):
            pickles: list[Pickle] = []
            examples.rows.append((cells_of(row), pickles))
            add(self._rows, row, (scenario, examples.rows[-1][0], pickles))
        return examples

    def _step_texts(self, node: Json, *, background: bool) -> list[StepText]:
        steps = []
        for step in list_of(node, "steps"):
            # There are few keywords, and very many steps.
            keyword, table_and_doc = intern(text_of(step, "keyword").strip()), argument_of(step)
            text = StepText(keyword, text_of(step, "text"), *table_and_doc, background=background, line=line_of(step))
            add(self._steps, step, text)
            steps.append(text)
        return steps

    def pickle(self, message: Json) -> None:
        """Take a pickle, which is a scenario, or an outline with one row of its examples."""
        before = self.pickles.get(message["id"])
        if (digest := digest_of(message, "pickle", before[2] if before else None)) is None:
            return
        if not (node_ids := list_of(message, "astNodeIds")):
            raise ValueError("astNodeIds is empty")
        scenario_id, *row_id = node_ids
        scenario = self._scenarios[scenario_id]
        owner, cells, pickles = self._rows[row_id[0]] if row_id else (scenario, None, scenario.pickles)
        # Other files than Accord's may say anything: what does not fit together would be shown wrongly.
        if owner is not scenario or (pickles and cells is None) or bool(scenario.examples) is (cells is None):
            raise ValueError("its scenario has no such example, or has a pickle already")
        steps: dict[str, StepText] = {}
        for step in list_of(message, "steps"):
            add(steps, step, self._pickle_step(step, filled_in=cells is not None))
        # A tag that is on the feature and on the scenario is there twice.
        tags = tuple(dict.fromkeys(tags_of(message)))
        # What is the same is kept once.
        name = scenario.name if text_of(message, "name") == scenario.name else text_of(message, "name")
        texts = scenario.steps if _are_same(steps.values(), scenario.steps) else list(steps.values())
        pickle = Pickle(scenario, texts, tags, cells, name)
        scenario.pickles.append(pickle)
        if cells is not None:
            pickles.append(pickle)
        else:
            # Nothing else is made of them: a scenario has one pickle.
            for node in (step["astNodeIds"][0] for step in message["steps"]):
                if node in self._steps and not self._steps[node].background:
                    del self._steps[node]
        ids = compact(steps)
        self.pickles[message["id"]] = pickle, ids, digest
        if self._pickle_steps is not None:
            self._pickle_steps.update(zip(hashes(ids), pickle.steps, strict=True))

    def pickle_step(self, name: str) -> StepText:
        """Return the step of that id, of whatever pickle it is. Raises KeyError where there is none."""
        if self._pickle_steps is None:
            self._pickle_steps = {}
            for pickle, ids, _digest in self.pickles.values():
                self._pickle_steps.update(zip(hashes(ids), pickle.steps, strict=True))
        try:
            return self._pickle_steps[hash(name)]
        except KeyError:
            raise KeyError(name) from None

    def _pickle_step(self, step: Json, *, filled_in: bool) -> StepText:
        """Return the step of the document where nothing was filled in, so that ten thousand are kept once."""
        text = self._steps[list_of(step, "astNodeIds")[0]]
        if (filled_in and not text.background) or text.text != step["text"]:
            argument = argument_of(step.get("argument") or {})
            text = StepText(text.keyword, text_of(step, "text"), *argument, line=text.line)
        # Gherkin knows it where the pickles are made: an And is of the kind of the step before.
        text.kind = KINDS.get(text_of(step, "type"), "")
        return text


def _are_same(some: Collection[StepText], others: Collection[StepText]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
