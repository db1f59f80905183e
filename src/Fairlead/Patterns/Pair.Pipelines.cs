#if NET10_0_OR_GREATER
using System.IO.Pipelines;

namespace Fairlead;

/// <content>For those who parse: <c>System.IO.Pipelines</c>, which is in the base library from .NET 10 on.</content>
public sealed partial class Pair
{
    /// <summary>
    /// This end as a pipe, over <see cref="AsStream"/>: its input is what the peer sends, its output what is sent. Completing either does
    /// not close this end, which stays its owner's; nor does it tell the peer, as <see cref="EndSending"/> does.
    /// </summary>
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
#endif
