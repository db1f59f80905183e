using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Fairlead.Patterns.Links;

namespace Fairlead;

/// <content>Asks all, and collects replies until a deadline.</content>
public sealed partial class Requester
{
    private readonly RankedLock _surveyGate = new(LockRank.Surveys);
    private SurveyRun[] _surveys = [];

    /// <summary>
    /// Asks every responder that is connected, and yields what comes of it, one result for each: replies as they come, those that closed or
    /// died at once, and at the deadline those that have not replied. Ends when all have; a late reply is dropped. A connected requester
    /// has one responder, and asks that: bind it to ask many.
    /// </summary>
    /// <param name="question">Copied before this returns. It is asked when the loop begins.</param>
    /// <param name="timeout">The deadline, from the beginning of the loop. The responders are told.</param>
    /// <param name="newcomers">
    /// Whether those are asked too that connect before the deadline; then the loop ends there, not before. Nobody connects to a connected
    /// requester: it ends when its one has replied.
    /// </param>
    /// <param name="cancellationToken">Ends the survey, with an <see cref="OperationCanceledException"/>; the responders are told.</param>
    /// <returns>
    /// Results; the loop gives their memory back. Leaving it early takes the question back from those that have not replied.
    /// </returns>
    /// <exception cref="FairleadException">PeerGone: a connected requester has lost its responder.</exception>
    public IAsyncEnumerable<SurveyReply> SurveyAsync(
        ReadOnlySpan<byte> question, TimeSpan timeout, bool newcomers = false, CancellationToken cancellationToken = default)
    {
        Core.Life.ThrowIfClosing();
        Deadline.Check(timeout);
        return CollectAsync(question.ToArray(), timeout, newcomers, cancellationToken);
    }

    /// <summary>Asks all with a value as JSON; read the replies with <see cref="Message.Read{T}(JsonTypeInfo{T})"/>.</summary>
    /// <inheritdoc cref="SurveyAsync(ReadOnlySpan{byte}, TimeSpan, bool, CancellationToken)" path="/param|/returns|/exception"/>
    public IAsyncEnumerable<SurveyReply> SurveyAsync<T>(
        T question, JsonTypeInfo<T> type, TimeSpan timeout, bool newcomers = false, CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(question, type);
        return SurveyAsync(message.Span, timeout, newcomers, cancellationToken);
    }

    /// <summary>Asks all with a value as its serializer writes it.</summary>
    /// <inheritdoc cref="SurveyAsync(ReadOnlySpan{byte}, TimeSpan, bool, CancellationToken)" path="/param|/returns|/exception"/>
    public IAsyncEnumerable<SurveyReply> SurveyAsync<T>(
        T question,
        IMessageSerializer<T> serializer,
        TimeSpan timeout,
        bool newcomers = false,
        CancellationToken cancellationToken = default)
    {
        using Serialized message = Serialized.Of(question, serializer);
        return SurveyAsync(message.Span, timeout, newcomers, cancellationToken);
    }

    /// <summary>
    /// Asks every responder that is connected, and waits in this thread until all have replied or the deadline has passed.
    /// </summary>
    /// <param name="question">The caller's again when this returns.</param>
    /// <param name="timeout">The deadline. The responders are told.</param>
    /// <param name="newcomers">Whether those are asked too that connect before the deadline; then it is waited for.</param>
    /// <param name="cancellationToken">Ends the wait; the responders are told.</param>
    /// <returns>One result for each that was asked, in the order of their coming; to be disposed.</returns>
    /// <inheritdoc cref="SurveyAsync(ReadOnlySpan{byte}, TimeSpan, bool, CancellationToken)" path="/exception"/>
    public IReadOnlyList<SurveyReply> Survey(
        ReadOnlySpan<byte> question, TimeSpan timeout, bool newcomers = false, CancellationToken cancellationToken = default)
    {
        using SurveyRun run = Begin(question.ToArray(), timeout, newcomers, cancellationToken);
        List<SurveyReply> replies = [];
        try
        {
            // The reactor reads for all of them; this thread waits for each in turn.
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
        byte[] question, TimeSpan timeout, bool newcomers, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using SurveyRun run = Begin(question, timeout, newcomers, cancellationToken);
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

    private SurveyRun Begin(byte[] question, TimeSpan timeout, bool newcomers, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Core.Life.ThrowIfClosing();
        SurveyRun run = new(
            (link, left, end) => AskAsync(question, default, Framing.MessageFlags.None, left, end, link),
            Deadline.After(timeout, Core.Settings.Time),
            Core.Settings.Time,
            newcomers && IsBound,
            cancellationToken);
        if (newcomers)
        {
            // Entered before those who are there are asked, so that nobody slips through in between; who is asked by both is asked once.
            using (_surveyGate.Hold())
            {
                _surveys = [.. _surveys, run];
            }
        }

        Link[] links = [.. Core.LinkSnapshot.Where(static link => link.State == LinkState.Up)];
        if (links.Length == 0 && !IsBound)
        {
            // It asks the one that it is about to get back, or says that there is none.
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

    /// <summary>By the pump: on the pool, since asking is for callers.</summary>
    private void AskNewcomer(Link link)
    {
        foreach (SurveyRun run in Volatile.Read(ref _surveys))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static state => state.Run.Ask(state.Link), (Run: run, Link: link), preferLocal: false);
        }
    }
}
