"""What was to run: Gherkin documents, and the pickles that were made of them.

Others than Accord give new ids in each run. A feature that several runs have read, with what it has, is there once, and
is known by all of its ids.
"""

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
from accord.living_docs.reading.ids import Ids, UnknownIdError, UsedIdError, compact, hashes, known
from accord.living_docs.run import StepText
from accord.recording import ndjson


class Features:
    """Takes the documents first, then pickles: what refers to nothing before it is an UnknownIdError."""

    def __init__(self) -> None:
        self.features: list[Feature] = []
        # Each with the ids of its steps, and the digest of its message.
        self.pickles: dict[str, tuple[Pickle, Ids, int]] = {}
        # The digests of the documents, and the features by those without any id.
        self._documents: set[int] = set()
        self._known: dict[int, Feature] = {}
        self._scenarios: dict[str, Scenario] = {}
        # Of each row of examples: the scenario, the cells, and the pickles made of it.
        self._rows: dict[str, tuple[Scenario, list[str], list[Pickle]]] = {}
        self._steps: dict[str, StepText] = {}
        # The steps of all pickles, by the hashes of their ids, once somebody asks for one.
        self._pickle_steps: dict[int, StepText] | None = None

    def gherkin_document(self, message: Json) -> None:
        """Take a feature file; one without a feature has nothing to show."""
        node, uri = message.get("feature"), text_of(message, "uri")
        if node is None or (digest := hash(written := ndjson.dumps(message))) in self._documents:
            return
        self._documents.add(digest)
        # Where a file is there twice, and has changed in between, both are shown.
        without_ids = hash(tuple(part.partition('"')[2] for part in written.split('"id":"')))
        if (before := self._known.get(without_ids)) is not None:
            self._add_ids(node, before)
            return
        if not text_of(node, "keyword"):
            raise ValueError("the feature has no keyword")
        feature = self._known[without_ids] = Feature(uri, text_of(node, "language"), *title_of(node), tags_of(node))
        self.features.append(feature)
        for child in list_of(node, "children"):
            if child.get("background"):
                feature.background = self._background(child["background"])
            elif child.get("scenario"):
                feature.scenarios.append(self._scenario(child["scenario"], feature, None))
            elif child.get("rule"):
                feature.rules.append(self._rule(child["rule"], feature))

    def _rule(self, node: Json, feature: Feature) -> Rule:
        rule = Rule(*title_of(node), tags_of(node))
        for child in list_of(node, "children"):
            if child.get("background"):
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
        scenario.examples = [self._examples(it, scenario) for it in list_of(node, "examples")] or ()
        return scenario

    def _examples(self, table: Json, scenario: Scenario) -> Examples:
        header = cells_of(table["tableHeader"]) if table.get("tableHeader") else []
        examples = Examples(*title_of(table), tags_of(table), header)
        for row in list_of(table, "tableBody"):
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

    def _add_ids(self, node: Json, owner: Feature | Rule) -> None:
        """Note what a feature, or a rule of it, has under the ids that another run has given it."""
        scenarios, rules = iter(owner.scenarios), iter(owner.rules if isinstance(owner, Feature) else ())
        children = list_of(node, "children")
        backgrounds = [child["background"] for child in children if child.get("background")]
        if owner.background and backgrounds:
            # Of several, which Gherkin does not have, the last counts.
            self._add_steps(backgrounds[-1], owner.background.steps)
        for child in children:
            if child.get("scenario"):
                self._add_scenario(child["scenario"], next(scenarios))
            elif child.get("rule"):
                self._add_ids(child["rule"], next(rules))

    def _add_scenario(self, node: Json, scenario: Scenario) -> None:
        add(self._scenarios, node, scenario)
        self._add_steps(node, scenario.steps)
        for table, examples in zip(list_of(node, "examples"), scenario.examples, strict=True):
            for row, (cells, pickles) in zip(list_of(table, "tableBody"), examples.rows, strict=True):
                add(self._rows, row, (scenario, cells, pickles))

    def _add_steps(self, node: Json, texts: list[StepText]) -> None:
        for step, text in zip(list_of(node, "steps"), texts, strict=True):
            add(self._steps, step, text)

    def pickle(self, message: Json) -> None:
        """Take a pickle, which is a scenario, or an outline with one row of its examples."""
        before = self.pickles.get(message["id"])
        if (digest := digest_of(message, "pickle", before[2] if before else None)) is None:
            return
        if not (node_ids := list_of(message, "astNodeIds")):
            raise ValueError("astNodeIds is empty")
        scenario_id, *row_id = node_ids
        scenario = known(self._scenarios, scenario_id)
        owner, cells, pickles = known(self._rows, row_id[0]) if row_id else (scenario, None, scenario.pickles)
        # Other files than Accord's may say anything: what does not fit together would be shown wrongly.
        if owner is not scenario or bool(scenario.examples) is (cells is None):
            raise ValueError("its scenario has no such example")
        ids: dict[str, StepText] = {}
        steps = list_of(message, "steps")
        pickle = _made_before(pickles, steps)
        if pickle is None and pickles and cells is None:
            raise ValueError("its scenario has another pickle already")
        texts = pickle.steps if pickle else [self._pickle_step(step, filled_in=cells is not None) for step in steps]
        for step, text in zip(steps, texts, strict=True):
            if step["id"] in ids:
                raise UsedIdError(f"the id {step['id']!r} is used twice")
            ids[step["id"]] = text
        if pickle is None:
            pickle = self._new_pickle(message, scenario, cells, texts)
            scenario.pickles.append(pickle)
            if cells is not None:
                pickles.append(pickle)
        if cells is None:
            # Nothing else is made of them: a scenario has one pickle.
            for node in (step["astNodeIds"][0] for step in steps):
                if node in self._steps and not self._steps[node].background:
                    del self._steps[node]
        compacted = compact(ids)
        self.pickles[message["id"]] = pickle, compacted, digest
        if self._pickle_steps is not None:
            self._pickle_steps.update(zip(hashes(compacted), pickle.steps, strict=True))

    def _new_pickle(self, message: Json, scenario: Scenario, cells: list[str] | None, texts: list[StepText]) -> Pickle:
        # A tag that is on the feature and on the scenario is there twice.
        tags = tuple(dict.fromkeys(tags_of(message)))
        # What is the same is kept once.
        name = scenario.name if text_of(message, "name") == scenario.name else text_of(message, "name")
        return Pickle(scenario, scenario.steps if _are_same(texts, scenario.steps) else texts, tags, cells, name)

    def pickle_step(self, name: str) -> StepText:
        """Return the step of that id, of whatever pickle it is. Raises UnknownIdError where there is none."""
        if self._pickle_steps is None:
            self._pickle_steps = {}
            for pickle, ids, _digest in self.pickles.values():
                self._pickle_steps.update(zip(hashes(ids), pickle.steps, strict=True))
        try:
            return self._pickle_steps[hash(name)]
        except KeyError:
            raise UnknownIdError(name) from None

    def _pickle_step(self, step: Json, *, filled_in: bool) -> StepText:
        """Return the step of the document where nothing was filled in, so that ten thousand are kept once."""
        text = known(self._steps, list_of(step, "astNodeIds")[0])
        if (filled_in and not text.background) or text.text != step["text"]:
            argument = argument_of(step.get("argument") or {})
            text = StepText(text.keyword, text_of(step, "text"), *argument, line=text.line)
        # Gherkin knows it where the pickles are made: an And is of the kind of the step before.
        text.kind = KINDS.get(text_of(step, "type"), "")
        return text


def _made_before(pickles: list[Pickle], steps: list[Json]) -> Pickle | None:
    """Return the pickle that another run has made of the same."""
    # It is called for each pickle of a large run, where there is none.
    if not pickles:
        return None
    texts = [text_of(step, "text") for step in steps]
    return next((pickle for pickle in pickles if [step.text for step in pickle.steps] == texts), None)


def _are_same(some: Collection[StepText], others: Collection[StepText]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))
