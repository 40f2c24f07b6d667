/* SPDX-License-Identifier: MIT
 * Evidence for a name, summed along a track: mean log likelihood ratio times how many independent
 * looks the looks are worth. That number is capped low: a stranger who resembles somebody resembles
 * him in every frame. */
#include <math.h>
#include <string.h>

#include "pipeline/vote.h"

static const float apart_s =
    0.5f; /* looks this far apart are worth 1 - 1/e of an independent one */
static const float least_look = 0.05f; /* and the next frame's this much */
static const float memory = 6;         /* looks' worth that the mean remembers: evidence may turn */
static const float most_worth = 1; /* independent looks that a long track counts for */
static const float first_worth = 0.5f; /* what the first look alone is worth: a name wants a second one */
static const float least_margin = 1;   /* log likelihood ratio to the second best person */
static const float holder = 1; /* what a name that is held is ahead in a dispute of two tracks */
static const float no_second = -20; /* score of the second best person when there is none */

static struct vote *find(const struct votes *v, int track)
{
    for (int i = 0; i < VOTE_TRACKS && track > 0; i++)
        if (v->tracks[i].track == track)
            return (struct vote *)&v->tracks[i];
    return NULL;
}

static struct vote *find_or_start(struct votes *v, int track)
{
    struct vote *found = find(v, track), *oldest = &v->tracks[0];
    if (found)
        return found;
    for (int i = 0; i < VOTE_TRACKS && oldest->track != 0; i++)
        if (v->tracks[i].track == 0 || v->tracks[i].used_us < oldest->used_us)
            oldest = &v->tracks[i];
    *oldest = (struct vote){.track = track, .person = -1};
    return oldest;
}

static struct vote_person *find_person(struct vote *vote, int person)
{
    for (int i = 0; i < vote->n; i++)
        if (vote->people[i].person == person)
            return &vote->people[i];
    return NULL;
}

/* A person who leads for the first time: in earlier looks he scored at most as the second best did.
 */
static void add_person(struct vote *vote, int person, float score)
{
    struct vote_person *to = &vote->people[0];
    if (vote->n < VOTE_PEOPLE) {
        to = &vote->people[vote->n++];
    } else {
        for (int i = 1; i < VOTE_PEOPLE; i++)
            if (vote->people[i].mean < to->mean)
                to = &vote->people[i];
    }
    *to = (struct vote_person){person, vote->weight > 0 ? fminf(vote->rest, score) : score};
}

static float worth_of_look(const struct vote *vote, int64_t time_us, float quality)
{
    float fresh = first_worth;
    if (vote->looks > 0) {
        float span = 1e-6f * (float)(time_us > vote->look_us ? time_us - vote->look_us : 0);
        fresh = fmaxf(1 - expf(-span / apart_s), least_look);
    }
    return fresh * fminf(fmaxf(quality, 0.05f), 1);
}

void vote_add(struct votes *v, int track, int64_t time_us, struct match match, float quality)
{
    if (track <= 0 || match.person < 0 || !isfinite(match.score) || isnan(quality))
        return;
    struct vote *vote = find_or_start(v, track);
    float second = fmaxf(match.score - match.margin, no_second);
    if (isnan(second))
        second = no_second;
    float worth = worth_of_look(vote, time_us, quality);
    float share = worth / (fminf(vote->weight, memory) + worth);
    if (!find_person(vote, match.person))
        add_person(vote, match.person, match.score);
    for (int i = 0; i < vote->n; i++) {
        struct vote_person *p = &vote->people[i];
        float score = p->person == match.person ? match.score : second;
        p->mean += share * (score - p->mean);
    }
    vote->rest += share * (second - vote->rest);
    vote->weight += worth;
    vote->looks++;
    vote->look_us = vote->used_us = time_us;
}

void vote_merge(struct votes *v, int from, int into)
{
    struct vote *young = find(v, from), *old = find(v, into);
    if (!young || from == into || into <= 0)
        return;
    if (!old) {
        young->track = into;
        return;
    }
    float total = young->weight + old->weight, share = total > 0 ? young->weight / total : 0;
    for (int i = 0; i < young->n; i++)
        if (!find_person(old, young->people[i].person))
            add_person(old, young->people[i].person, young->people[i].mean);
    for (int i = 0; i < old->n; i++) {
        const struct vote_person *same = find_person(young, old->people[i].person);
        float mean = same ? same->mean : fminf(young->rest, old->people[i].mean);
        old->people[i].mean += share * (mean - old->people[i].mean);
    }
    old->rest += share * (young->rest - old->rest);
    old->weight = total;
    old->looks += young->looks;
    old->look_us = young->look_us;
    old->used_us = young->used_us;
    young->track = 0;
}

struct lead {
    int person;
    float score, margin;
};

static struct lead leader(const struct vote *vote)
{
    struct lead lead = {-1, 0, 0};
    float worth = fminf(vote->weight, most_worth), second = worth * vote->rest;
    for (int i = 0; i < vote->n; i++) {
        float score = worth * vote->people[i].mean;
        if (lead.person < 0 || score > lead.score) {
            second = lead.person < 0 ? second : fmaxf(second, lead.score);
            lead = (struct lead){vote->people[i].person, score, 0};
        } else {
            second = fmaxf(second, score);
        }
    }
    lead.margin = lead.score - second;
    return lead;
}

static bool deserves(const struct vote *vote, struct lead lead, float threshold)
{
    if (lead.person < 0)
        return false;
    if (lead.person == vote->person)
        return lead.score >= fminf(threshold / 2, threshold);
    return lead.score >= threshold && lead.margin >= least_margin;
}

void vote_settle(struct votes *v, const int *tracks, int n, int64_t time_us, float threshold)
{
    struct vote *here[VOTE_TRACKS];
    float claim[VOTE_TRACKS];
    int n_here = 0;
    for (int i = 0; i < n && n_here < VOTE_TRACKS; i++) {
        struct vote *vote = find(v, tracks[i]);
        if (!vote)
            continue;
        struct lead lead = leader(vote);
        bool named = deserves(vote, lead, threshold);
        claim[n_here] = lead.score + (named && vote->person == lead.person ? holder : 0);
        vote->person = named ? lead.person : -1;
        vote->score = lead.score;
        vote->margin = lead.margin;
        vote->used_us = time_us;
        here[n_here++] = vote;
    }
    for (int i = 0; i < n_here; i++)
        for (int j = 0; j < n_here; j++)
            if (i != j && here[i]->person >= 0 && here[i]->person == here[j]->person &&
                (claim[i] < claim[j] || (claim[i] == claim[j] && i > j)))
                here[i]->person = -1;
}

struct match vote_name(const struct votes *v, int track)
{
    const struct vote *vote = find(v, track);
    return vote ? (struct match){vote->person, vote->score, vote->margin}
                : (struct match){-1, 0, 0};
}

float vote_sureness(const struct votes *v, int track, float threshold)
{
    const struct vote *vote = find(v, track);
    if (!vote)
        return 0;
    struct lead lead = leader(vote);
    float heard = 1 - expf(-vote->weight / most_worth);
    float clear = fabsf(lead.score - threshold) / fmaxf(fabsf(threshold), 1);
    if (vote->person >= 0)
        clear = fminf(clear, lead.margin / (2 * least_margin));
    return heard * fminf(fmaxf(clear, 0), 1);
}

void vote_reset(struct votes *v)
{
    memset(v, 0, sizeof *v);
}
