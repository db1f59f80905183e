using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>The server of the rows with remote procedure calls: counts what arrives, and sends the input.</summary>
/// <remarks>Owns the tally. Each row calls one member at a time, and the tally belongs to that call.</remarks>
internal sealed class TourService(Stage stage) : ITourService, IDisposable
{
    private readonly Tally _tally = stage.NewTally();

    public ReadOnlyMemory<byte> Echo(ReadOnlyMemory<byte> message)
    {
        _tally.Add(message.Span);
        return message;
    }

    public async ValueTask<int> TakeAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        await CallStreams.CountAsync(stage, _tally, messages, cancellationToken);
        return _tally.Messages;
    }

    public IAsyncEnumerable<ReadOnlyMemory<byte>> SendAsync(CancellationToken cancellationToken) =>
        CallStreams.InputAsync(stage, cancellationToken);

    public async ValueTask CallBackAsync(ITourObject target, CancellationToken cancellationToken)
    {
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            var length = Envelope.Pack(stage.Input, i, buffer).Length;
            var start = Stopwatch.GetTimestamp();
            var answer = await target.EchoAsync(buffer.AsMemory(0, length), cancellationToken);
            stage.Measure(Stopwatch.GetElapsedTime(start));
            _tally.Add(answer.Span);
        }
    }

    /// <summary>Reports what has arrived here, after the end of the calls.</summary>
    public void Report() => stage.Report(_tally, Share.All);

    public void Dispose() => _tally.Dispose();
}

/// <summary>The streams of both sides.</summary>
internal static class CallStreams
{
    /// <summary>Returns the input. The buffer is used again: each message is marshalled before the next one is asked for.</summary>
    public static async IAsyncEnumerable<ReadOnlyMemory<byte>> InputAsync(
        Stage stage, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        var buffer = Envelope.BufferFor(stage.Input);
        for (var i = 0; i < stage.Messages; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var length = Envelope.Pack(stage.Input, i, buffer).Length;
            yield return buffer.AsMemory(0, length);
        }
    }

    /// <summary>Counts the messages of a stream, and how long each was on its way.</summary>
    public static async Task CountAsync(
        Stage stage, Tally tally, IAsyncEnumerable<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken)
    {
        await foreach (var message in messages.WithCancellation(cancellationToken))
        {
            if (tally.Add(message.Span) is { } envelope)
            {
                stage.Measure(envelope.Age);
            }
        }
    }
}
