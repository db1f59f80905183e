using System.Buffers;
using System.Runtime.CompilerServices;
using Fairlead.Patterns.Calling;
using Fairlead.Patterns.Links.Session;
using Fairlead.Patterns.Links.Shared;

namespace Fairlead;

/// <content>Surveys: asking all responders, and collecting replies until a deadline.</content>
public sealed partial class Requester
{
    private readonly RankedLock _surveyGate = new(LockRank.Surveys);
    private SurveyRun[] _surveys = [];

    /// <summary>Asks every connected responder, and returns one result for each until a deadline.</summary>
    /// <remarks>
    /// Replies, and responders that closed or died, are returned as they arrive; responders without a reply at the deadline. The loop ends
    /// when all have a result. Late replies are dropped. A connected requester has only one responder: bind it to ask many.
    /// </remarks>
    /// <param name="question">The payload. Copied before this returns; sent when the loop begins.</param>
    /// <param name="timeout">The deadline, from the beginning of the loop. The responders learn it.</param>
    /// <param name="options">The choices of this survey.</param>
    /// <param name="cancellationToken">Ends the survey with an <see cref="OperationCanceledException"/>, and tells the responders.</param>
    /// <returns>
    /// The results; the loop returns their memory. Leaving it early cancels the request at responders that have not replied.
    /// </returns>
    /// <exception cref="FairleadException">PeerGone: a connected requester has lost its responder.</exception>
    [OverloadResolutionPriority(1)]
    public IAsyncEnumerable<SurveyReply> SurveyAsync(
        ReadOnlySpan<byte> question, TimeSpan timeout, SurveyOptions options = default, CancellationToken cancellationToken = default)
    {
        Core.Life.ThrowIfClosing();
        Deadline.Check(timeout);
        return CollectAsync(question.ToArray(), timeout, options, cancellationToken);
    }

    /// <summary>Asks every connected responder with several buffers, and returns one result for each until a deadline.</summary>
    /// <inheritdoc cref="SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/param|/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public IAsyncEnumerable<SurveyReply> SurveyAsync(
        in ReadOnlySequence<byte> question,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        Core.Life.ThrowIfClosing();
        Deadline.Check(timeout);
        return CollectAsync(question.ToArray(), timeout, options, cancellationToken);
    }

    /// <summary>Asks every connected responder, and returns one result for each until a deadline.</summary>
    /// <inheritdoc cref="SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/param|/returns|/exception"/>
    public IAsyncEnumerable<SurveyReply> SurveyAsync(
        ReadOnlyMemory<byte> question, TimeSpan timeout, SurveyOptions options = default, CancellationToken cancellationToken = default) =>
        SurveyAsync(question.Span, timeout, options, cancellationToken);

    /// <summary>Asks every connected responder. Blocks until all have replied or the deadline has passed.</summary>
    /// <param name="question">The payload. The caller may change it when this returns.</param>
    /// <param name="timeout">The deadline. The responders learn it.</param>
    /// <param name="options">The choices of this survey.</param>
    /// <param name="cancellationToken">Ends the wait, and notifies the responders.</param>
    /// <returns>One result for each responder asked, in order of arrival. The caller disposes them.</returns>
    /// <inheritdoc cref="SurveyAsync(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/exception"/>
    public IReadOnlyList<SurveyReply> Survey(
        ReadOnlySpan<byte> question, TimeSpan timeout, SurveyOptions options = default, CancellationToken cancellationToken = default)
    {
        Core.Life.ThrowIfClosing();
        Deadline.Check(timeout);
        return Collect(question.ToArray(), timeout, options, cancellationToken);
    }

    /// <summary>
    /// Asks every connected responder with several buffers. Blocks until all have replied or the deadline has passed.
    /// </summary>
    /// <inheritdoc cref="Survey(ReadOnlySpan{byte}, TimeSpan, SurveyOptions, CancellationToken)" path="/param|/returns|/exception"/>
    [OverloadResolutionPriority(-1)]
    public IReadOnlyList<SurveyReply> Survey(
        in ReadOnlySequence<byte> question,
        TimeSpan timeout,
        SurveyOptions options = default,
        CancellationToken cancellationToken = default)
    {
        Core.Life.ThrowIfClosing();
        Deadline.Check(timeout);
        return Collect(question.ToArray(), timeout, options, cancellationToken);
    }

    private List<SurveyReply> Collect(byte[] question, TimeSpan timeout, SurveyOptions options, CancellationToken cancellationToken)
    {
        using SurveyRun run = Begin(question, timeout, options, cancellationToken);
        List<SurveyReply> replies = [];
        try
        {
            // The reactor reads for all responders; this thread waits for each result in turn.
            while (run.NextAsync().AsTask().GetAwaiter().GetResult() is { } reply)
            {
                replies.Add(reply);
            }

            return replies;
        }
        catch
        {
            replies.ForEach(static reply => reply.Dispose());
            throw;
        }
        finally
        {
            End(run);
        }
    }

    private async IAsyncEnumerable<SurveyReply> CollectAsync(
        byte[] question, TimeSpan timeout, SurveyOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using SurveyRun run = Begin(question, timeout, options, cancellationToken);
        try
        {
            while (await run.NextAsync().ConfigureAwait(false) is { } reply)
            {
                using (reply)
                {
                    yield return reply;
                }
            }
        }
        finally
        {
            End(run);
        }
    }

    private SurveyRun Begin(byte[] question, TimeSpan timeout, SurveyOptions options, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Core.Life.ThrowIfClosing();

        // The peer that a connected requester gets back is not a newcomer: it gets the question that waits for it.
        bool includesNewcomers = options.IncludesNewcomers && IsBound;
        SurveyRun run = new(
            (link, left, end) => AskAsync(question, Framing.MessageFlags.None, left, end, link),
            Deadline.After(timeout, Core.Settings.Time),
            Core.Settings.Time,
            includesNewcomers,
            cancellationToken);
        if (includesNewcomers)
        {
            // Add the run before asking the connected responders: none slips through in between, and one that both paths ask is asked once.
            using (_surveyGate.Hold())
            {
                _surveys = [.. _surveys, run];
            }
        }

        Link[] links = [.. Core.LinkSnapshot.Where(static link => link.State == LinkState.Up)];
        if (links.Length == 0 && !IsBound)
        {
            // Ask the responder that is about to be reconnected, or report that there is none.
            run.Ask(null);
        }

        foreach (Link link in links)
        {
            run.Ask(link);
        }

        run.AllAsked();
        return run;
    }

    private void End(SurveyRun run)
    {
        using (_surveyGate.Hold())
        {
            _surveys = [.. _surveys.Where(other => other != run)];
        }
    }

    /// <summary>Asks a new responder on the thread pool, because the calling pump must not ask itself.</summary>
    private void AskNewcomer(Link link)
    {
        foreach (SurveyRun run in Volatile.Read(ref _surveys))
        {
            PoolWork.Queue("a survey", static state => state.Run.Ask(state.Link), (Run: run, Link: link));
        }
    }
}
