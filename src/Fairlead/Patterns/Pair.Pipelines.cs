using System.IO.Pipelines;

namespace Fairlead;

/// <content><c>System.IO.Pipelines</c> for parsers.</content>
public sealed partial class Pair
{
    /// <summary>Returns this end as a pipe over <see cref="AsStream"/>: the input reads from the peer, the output sends to it.</summary>
    /// <remarks>
    /// Completing the input or the output does not close this end, which its owner still disposes. It does not tell the peer either;
    /// <see cref="EndSending"/> does.
    /// </remarks>
    /// <inheritdoc cref="AsStream" path="/exception"/>
    public IDuplexPipe AsPipe()
    {
        Stream stream = AsStream();
        return new Pipe(
            PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true)),
            PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true)));
    }

    private sealed record Pipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
