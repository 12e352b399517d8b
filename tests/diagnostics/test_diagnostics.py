"""What a latent space is said to hold."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_samples

import scrl
from scrl.diagnostics import active_units, principal_plane
from scrl.diagnostics.clusters import LAYOUTS, layout, mixture_on, nearest, separation, silhouette
from scrl.diagnostics.compare import contexts, left_out
from scrl.diagnostics.maps import cluster_numbers
from scrl.diagnostics.partial import partial_ballots
from scrl.diagnostics.probe import profiles, ratings_of, utilities
from scrl.diagnostics.traversal import traverse, walk
from scrl.diagnostics.units import Plane
from scrl.diagnostics.whereami import DRAWN, RARE, Atoms, inferred, information, rarity, spread
from scrl.evaluation.latent_health import check_latent_health, swap_partners
from scrl.raters.fitted_run import FittedRun
from scrl.raters.network import Embedding, Posterior
from scrl.types import Catalogue


def test_a_unit_is_active_where_its_mean_varies():
    rng = np.random.default_rng(0)
    spread = np.array([0.0, 0.05, 0.099, 0.101, 0.5, 2.0])
    column = np.sqrt(12) * (rng.permutation(2000) + 0.5) / 2000  # of variance 1
    assert active_units(7.0 + column[:, None] * spread) == 3
    assert active_units(np.zeros((5, 4))) == 0


@pytest.mark.parametrize("dimensions", [2, 3, 8])
def test_the_plane_is_that_of_scikit_learn(dimensions):
    rng = np.random.default_rng(dimensions)
    points = rng.normal(size=(300, dimensions)) @ rng.normal(size=(dimensions, dimensions)) + 5
    plane, explained = principal_plane(points)
    oracle = PCA(2).fit(points)
    wanted = oracle.transform(points)
    wanted = wanted * np.sign((wanted * plane).sum(0))
    np.testing.assert_allclose(plane, wanted, atol=1e-8)
    np.testing.assert_allclose(explained, oracle.explained_variance_ratio_, atol=1e-9)


def test_the_axes_do_not_flip_with_the_solver():
    """Each axis is turned by its largest loading, so that a live map holds still."""
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 3)) * [3.0, 1.0, 0.1]
    plane, _ = principal_plane(points)
    assert np.corrcoef(plane[:, 0], points[:, 0])[0, 1] > 0.99
    assert np.corrcoef(plane[:, 1], points[:, 1])[0, 1] > 0.99


def test_a_latent_of_one_dimension_has_a_plane_too():
    points = np.array([[0.0], [1.0], [3.0]])
    plane, explained = principal_plane(points)
    np.testing.assert_allclose(plane[:, 0], points[:, 0] - points.mean())
    np.testing.assert_allclose(plane[:, 1], 0)
    np.testing.assert_allclose(explained, [1, 0])


def test_raters_all_alike_lie_at_the_origin():
    plane, explained = principal_plane(np.ones((5, 4)))
    assert np.isfinite(explained).all()
    np.testing.assert_array_equal(plane, np.zeros((5, 2)))


# -- clusters -------------------------------------------------------------------------------------


def test_the_silhouette_is_that_of_scikit_learn():
    rng = np.random.default_rng(3)
    points = rng.normal(size=(120, 4))
    kind = rng.integers(0, 4, 120)
    points += kind[:, None]
    np.testing.assert_allclose(silhouette(points, kind), silhouette_samples(points, kind))
    alone = np.where(np.arange(120) == 0, 9, kind)
    np.testing.assert_allclose(silhouette(points, alone), silhouette_samples(points, alone))


def test_points_all_in_one_place_have_no_clusters():
    points, kind = np.zeros((8, 3)), np.arange(8) % 2
    assert (silhouette(points, kind) == 0).all()
    assert separation(points, kind)["ratio"] == 0
    assert (nearest(points, np.zeros((2, 3))) == -1).all()


def test_separation_by_hand():
    """Two pairs, each a unit from its middle, the middles ten apart."""
    points = np.array([[0, 1.0], [0, -1], [10, 1], [10, -1], [99, 99]])
    got = separation(points, np.array([0, 0, 1, 1, -1]))
    assert got == pytest.approx({"between": 10, "within": 1, "ratio": 10})


def test_the_mixture_on_the_plane_is_the_density_of_projected_draws():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(2, 3, 3)) * 0.5
    mean, weight = rng.normal(size=(2, 3)) * 2, np.array([0.3, 0.7])
    covariance = root @ np.swapaxes(root, 1, 2)
    which = rng.choice(2, 60_000, p=weight)
    draws = mean[which] + np.einsum("nij,nj->ni", root[which], rng.normal(size=(60_000, 3)))
    plane = Plane.of(draws)
    ends = np.quantile(plane.at(draws), [0.02, 0.98], axis=0)
    edges = [np.linspace(low, high, 9) for low, high in ends.T]
    held, _, _ = np.histogram2d(*plane.at(draws).T, bins=edges)
    fine = [np.linspace(e[0], e[-1], 241)[1:] - (e[-1] - e[0]) / 480 for e in edges]
    z = mixture_on(plane, weight, mean, covariance, *fine)
    cell = (fine[0][1] - fine[0][0]) * (fine[1][1] - fine[1][0])
    share = z.reshape(8, 30, 8, 30).sum(axis=(1, 3)).T * cell
    np.testing.assert_allclose(held / len(draws), share, atol=0.004)


@pytest.mark.parametrize("method", LAYOUTS)
def test_every_layout_keeps_clusters_apart_and_is_the_same_again(method):
    rng = np.random.default_rng(1)
    kind = np.repeat([0, 1, 2], 25)
    points = np.eye(5)[kind] * 8 + rng.normal(size=(75, 5)) * 0.1
    at = layout(points, method)
    assert at.shape == (75, 2)
    assert silhouette(at, kind).mean() > 0.6
    np.testing.assert_array_equal(at, layout(points, method))


class Blurred(FittedRun):
    """The same run with all posteriors as wide as given, in log-variance."""

    log_variance = 0.0

    @property
    def posterior(self):
        mean = np.asarray(self.embedding.posterior.mean)
        return Posterior(mean, np.full_like(mean, self.log_variance))


def test_types_lie_together_only_where_posteriors_are_narrow_beside_their_distance(experiment):
    """A model that knows next to nothing of anybody still gives a type one mean, without noise."""
    blurred = Blurred(**vars(replace(experiment.fitted_run)))
    for log_variance, together in ((-9.0, True), (4.0, False)):
        blurred.log_variance = log_variance
        found = cluster_numbers(blurred)
        draws, means = found["rows"]
        assert means["silhouette"] > 0.9
        assert found["together"] == together
        assert (draws["ratio"] > 3) == together
    draws = cluster_numbers(experiment.fitted_run)["rows"][0]
    assert draws["silhouette"] < 0.9
    assert draws["ratio"] > 1.5


# -- walks ----------------------------------------------------------------------------------------


def test_a_walk_counts_each_change_and_what_is_needed():
    at = np.linspace(0, 1, 5)
    # The first falls past the second at .5; the third touches nobody.
    straight = np.stack([1 - 2 * at, -1 + 2 * at, 0 * at - 5], axis=1)
    changes, needed = walk(straight, at)
    assert changes == ((0.5, 1, 0),)
    assert needed == 1
    back = np.stack([np.array([1, -1, -1, 1, 1.0]), np.zeros(5)], axis=1)
    changes, needed = walk(back, at)
    assert [(up, down) for _, up, down in changes] == [(1, 0), (0, 1)]
    assert needed == 0


def test_a_walk_begins_and_ends_where_it_says(experiment):
    learnt = experiment.fitted_run
    start, end = profiles(learnt)[[0, 1]]
    found = traverse(learnt, start, end, 0)
    rewards = learnt.individual.rewards(np.stack([start, end]))
    wanted = rewards - rewards.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.rewards[[0, -1]], wanted, atol=1e-4)
    order = [np.argsort(-row).tolist() for row in utilities(learnt)[:2]]
    assert [np.argsort(-row).tolist() for row in found.rewards[[0, -1]]] == order
    tau = sum(
        (order[0].index(a) - order[0].index(b)) * (order[1].index(a) - order[1].index(b)) < 0
        for a in range(5)
        for b in range(a)
    )
    assert found.needed == tau
    assert found.detours >= 0


# -- where a ballot puts somebody -----------------------------------------------------------------


def test_the_posterior_is_that_of_exact_enumeration():
    """Two atoms, three items: Plackett–Luce by multiplying choices out."""
    rewards = np.array([[1.0, 0.0, -1.0], [-0.5, 0.3, 0.9]])
    share = np.array([0.6, 0.4])
    atoms = Atoms(np.zeros((2, 2)), share, rewards)
    e = np.exp(rewards)
    likely = e[:, 2] / e.sum(1) * e[:, 0] / (e[:, 0] + e[:, 1])
    wanted = share * likely / (share * likely).sum()
    np.testing.assert_allclose(atoms.posterior([(0, [2, 0, 1])]), wanted)
    np.testing.assert_allclose(atoms.posterior([(0, [1])]), share)
    pairs = Atoms(np.zeros((2, 2)), share, rewards, "pair")
    likely = 1 / (1 + np.exp(rewards[:, 0] - rewards[:, 2]))
    wanted = share * likely / (share * likely).sum()
    np.testing.assert_allclose(pairs.posterior([(0, [2, 0])]), wanted)


def test_the_likelihood_is_the_models_own(experiment):
    learnt = experiment.fitted_run
    atoms, ballot = Atoms.of(learnt), [4, 0, 3]
    rows = learnt.individual.distinct_ballots(ratings_of(learnt.catalogue, [[(0, ballot)]]), 10)
    _, nats = learnt.individual.log_likelihood(rows, atoms.latent, learnt.density.sharpness)
    np.testing.assert_allclose(atoms.log_likelihood(ballot), nats[0], rtol=1e-3, atol=1e-3)


def test_the_value_of_a_question_is_the_mutual_information():
    rng = np.random.default_rng(5)
    weight = rng.dirichlet(np.ones(6))
    chance = rng.random((6, 3))
    for q in range(3):
        joint = np.stack([weight * chance[:, q], weight * (1 - chance[:, q])])
        alone = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
        wanted = (joint * np.log2(joint / alone)).sum()
        assert information(weight, chance)[q] == pytest.approx(wanted)
    sure = np.array([1.0, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(information(sure, chance), 0, atol=1e-9)
    assert information(np.full(2, 0.5), np.array([1.0, 0.0])) == pytest.approx(1, abs=1e-6)


def test_one_answer_places_the_visitor_and_settles_the_rest(experiment):
    """Memphis ≻ Knoxville is said by Memphis' raters alone, so all else follows."""
    learnt = experiment.fitted_run
    atoms, items = Atoms.of(learnt), np.arange(5)
    before = inferred(atoms, atoms.share, items, ())
    weight = atoms.posterior([(0, [0, 3])])
    after = inferred(atoms, weight, items, (0, 3))
    assert after.place == pytest.approx([1, 2, 3, 4, 5], abs=0.3)
    assert after.teaches.max() < before.teaches.max()
    assert after.above[0, 3] == 1
    assert before.place.sum() == pytest.approx(15)
    assert spread(weight) < spread(atoms.share)


def test_how_rare_a_ballot_is_is_that_of_all_orders():
    """Two kinds of rater, three items: the chance of an order at most as likely, by enumeration."""
    rewards = np.array([[2.0, 0.0, -2.5], [-1.0, 0.5, 1.0]])
    atoms = Atoms(np.zeros((2, 2)), np.array([0.9, 0.1]), rewards)
    chance = {}
    for order in permutations(range(3)):
        e = np.exp(rewards[:, order])
        each = e[:, 0] / e.sum(1) * e[:, 1] / (e[:, 1] + e[:, 2])
        chance[order] = float(atoms.share @ each)
    assert sum(chance.values()) == pytest.approx(1)
    for order, p in chance.items():
        assert atoms.marginal([order]) == pytest.approx(np.log(p))
        wanted = min(sum(q for q in chance.values() if q <= p + 1e-9), 1.0)
        error = 4 * np.sqrt(wanted * (1 - wanted) / DRAWN)
        assert rarity(atoms, [(0, order)]) == pytest.approx(wanted, abs=error + 1e-9)
    assert rarity(atoms, [(0, [2])]) == rarity(atoms, []) == 1


def test_two_answers_that_nobody_gives_together_are_rare_though_each_is_common():
    rewards = np.array([[9.0, 0, 9, 0], [0, 9, 0, 9]])
    atoms = Atoms(np.zeros((2, 2)), np.array([0.5, 0.5]), rewards)
    assert rarity(atoms, [(0, [0, 1])]) > 0.4
    assert rarity(atoms, [(0, [0, 1]), (1, [2, 3])]) > 0.4
    assert rarity(atoms, [(0, [0, 1]), (1, [3, 2])]) < RARE


def test_raters_own_ballots_are_hardly_ever_called_rare_and_others_are(experiment):
    learnt = experiment.fitted_run
    atoms, ratings = Atoms.of(learnt), learnt.ratings
    orders = {}
    for b in range(0, ratings.ballots, 25):  # raters stand type by type
        entries = slice(*ratings.offsets[b : b + 2])
        order = tuple(ratings.item[entries][np.argsort(ratings.rank[entries])].tolist())
        orders[order] = orders.get(order, 0) + 1
    own = {order: rarity(atoms, [(0, order)]) for order in orders}
    assert sum(n for order, n in orders.items() if own[order] < RARE) <= 0.02 * ratings.ballots / 25
    assert len(orders) >= 6
    # All have Knoxville over Morristown; only Memphis' raters do not have Memphis last.
    for order in ([4, 3], [1, 0, 2], [0, 4, 3, 2, 1]):
        assert rarity(atoms, [(0, order)]) < RARE, order


# -- parts of ballots, contexts, what is left out -------------------------------------------------


def test_longer_ballots_say_more_and_none_beats_perfect_knowledge_by_luck(experiment):
    found = partial_ballots(experiment.fitted_run)
    rows = found.by_length()
    assert [row["length"] for row in rows] == [1, 2, 3, 4, 5]
    assert [row["ballots"] for row in rows] == [20, 40, 40, 20, 4]
    assert rows[-1]["right"] == rows[-1]["best"] == 1
    assert rows[-1]["away"] == pytest.approx(0, abs=1e-4)
    assert rows[1]["away"] > rows[3]["away"]
    assert all(row["right"] <= row["best"] + 1e-9 for row in rows)
    (pair,) = [i for i in found.pair(0, 0, 3) if found.kind[i] == 0]
    assert found.alone[pair]
    assert found.right[pair]
    assert found.enough() > 0.9


def test_a_single_completion_is_read_with_its_place(experiment):
    individual = experiment.fitted_run.individual
    item, length = np.array([0, 0, 1]), np.array([5, 5, 5])
    top, last, _ = individual.embed_single(item, np.array([0, 4, 2]), length).mean
    near = nearest(np.stack([top, last]), profiles(experiment.fitted_run))
    assert near[0] == 0  # only Memphis' raters put Memphis first
    assert near[1] != 0


def test_leaving_out_moves_a_type_less_than_another_type_is_away(experiment):
    found = left_out(experiment.fitted_run)
    assert (
        experiment.catalogue.completions[experiment.catalogue.members[found.item]] == "Morristown"
    )
    assert [row["type"] for row in found.rows] == [0, 1, 2, 3]
    assert sum(row["with"] + row["without"] for row in found.rows) == len(
        experiment.fitted_run.embedded_raters
    )
    assert all(0 < row["share"] < 0.5 for row in found.rows)
    assert all(row["right with"] > 0.95 for row in found.rows)


class Reader:
    """Reads a rater as what their type is, moved by each prompt they answered."""

    def __init__(self, shift: float):
        self.shift = shift

    def embed(self, ratings, include_empty=False):
        read = np.unique(ratings.ballot_rater)
        mean = 4.0 * np.eye(3, dtype=np.float32)[ratings.rater_type[read]]
        np.add.at(mean[:, 2], np.searchsorted(read, ratings.ballot_rater),
                  self.shift * ratings.ballot_prompt)  # fmt: skip
        return Embedding(read, Posterior(mean, np.zeros_like(mean)))


def test_how_far_prompts_move_raters_is_measured_against_how_far_types_are_apart():
    names = ("a", "b", "c")
    catalogue = Catalogue(("p", "q"), names, np.tile(np.arange(3), 2), [0, 3, 6])
    ratings = ratings_of(catalogue, [[(0, [0, 1]), (1, [4, 3])]] * 4)
    ratings = replace(ratings, rater_type=np.array([0, 0, 1, 1]), types=("x", "y"))
    learnt = FittedRun(ratings, ratings, 0, Reader(0.5), None, None, np.zeros((1, 3)))
    found = contexts(learnt)
    assert found.moved == pytest.approx(0.5)
    assert found.between == pytest.approx(4 * 2**0.5)
    assert found.ratio == pytest.approx(8 * 2**0.5)
    assert found.right == {0: 1.0, 1: 1.0}
    assert (found.kind[found.prompt == 1] == [0, 0, 1, 1]).all()


def test_contexts_need_two_prompts(experiment):
    with pytest.raises(scrl.InputError, match="two prompts"):
        contexts(experiment.fitted_run)


# -- health ---------------------------------------------------------------------------------------


def test_a_model_of_individuals_is_well(experiment):
    found = check_latent_health(experiment.fitted_run)
    assert not found.collapsed
    assert found.own_accuracy > 0.99
    assert found.swapped_accuracy < 0.6
    assert (found.swapped_by, found.unpaired) == ("type", 0)
    assert found.active_units == active_units(np.asarray(experiment.fitted_run.posterior.mean))
    pairs = [sum(b["pairs"] for b in c.bins) for c in found.calibration.values()]
    assert len(pairs) == 2
    assert pairs[0] == pairs[1] > 0
    # Weighing everybody possible by the ballot is not surer than it may be.
    assert found.calibration["density"].error < 0.1


def test_a_model_of_one_rater_is_said_to_have_collapsed(experiment):
    """The same network with its latent silenced: nobody's latent says more than another's."""
    learnt = experiment.fitted_run
    constant = replace(learnt.individual, config=replace(learnt.individual.config, constant=True))
    found = check_latent_health(replace(learnt, individual=constant))
    assert found.own_accuracy == found.swapped_accuracy == found.empty_accuracy
    assert found.collapsed
    assert "Bradley–Terry" in found.verdict()


def test_nobody_changes_latents_with_one_of_their_own_kind():
    rng = np.random.default_rng(0)
    kind = rng.permutation(np.repeat([-1, 0, 1, 2], [40, 500, 300, 160]))
    found = swap_partners(kind, rng)
    assert (found[kind < 0] == -1).all()
    chosen = kind[found[kind >= 0]]
    assert (chosen >= 0).all()
    assert (chosen != kind[kind >= 0]).all()
    # Each of the others is as likely: of kind 0, 300 to 160.
    assert (kind[found[kind == 0]] == 1).mean() == pytest.approx(300 / 460, abs=0.1)
    assert len(np.unique(found[kind == 0])) > 250
    assert (swap_partners(np.zeros(9, int), rng) == -1).all()
    np.testing.assert_array_equal(swap_partners(np.array([4, 7]), rng), [1, 0])


def test_without_types_latents_are_changed_between_the_densitys_clusters(experiment):
    learnt = experiment.fitted_run
    unknown = replace(learnt, ratings=replace(learnt.ratings, rater_type=None, types=()))
    known, found = check_latent_health(learnt), check_latent_health(unknown)
    assert (found.swapped_by, found.unpaired) == ("component", 0)
    # Here the clusters are the types, so changing between them costs as much.
    assert found.swapped_accuracy == pytest.approx(known.swapped_accuracy, abs=0.02)
    one = replace(
        unknown, imputation=replace(learnt.imputation, clusters=0 * learnt.imputation.clusters)
    )
    found = check_latent_health(one)
    assert (found.swapped_by, found.unpaired) == ("", 0)
    assert (
        found.swapped_accuracy > known.swapped_accuracy + 0.1
    )  # with anybody, also of the own type
    assert not found.collapsed
