using System.ComponentModel;
using Fairlead.Rpc.Callbacks;

namespace Fairlead.Rpc;

/// <summary>The progress that a call at the server reports to its caller. Generated code makes it.</summary>
/// <param name="invocation">The call.</param>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public sealed class RpcReports(RpcInvocation invocation)
{
    private readonly List<IReports> _all = [];

    /// <summary>Reads a parameter: reports to it go to the caller.</summary>
    /// <param name="progress">How reports travel.</param>
    /// <param name="arguments">The arguments, which have the place of the caller's object.</param>
    public IProgress<T> Read<T>(RpcProgress<T> progress, ref RpcReader arguments) =>
        ReadOrNull(progress, ref arguments) ?? throw RpcReader.Corrupt("an IProgress is missing");

    /// <inheritdoc cref="Read" path="/summary|/param"/>
    public IProgress<T>? ReadOrNull<T>(RpcProgress<T> progress, ref RpcReader arguments)
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (invocation.ChannelTo(progress.Description, ref arguments) is not { } channel)
        {
            return null;
        }

        Reports<T> reports = new(channel, progress.Write, invocation.CancellationToken);
        _all.Add(reports);
        return reports;
    }

    /// <summary>Takes no further reports, and completes when the caller has those that were made.</summary>
    public async ValueTask EndAsync()
    {
        foreach (IReports reports in _all)
        {
            await reports.EndAsync().ConfigureAwait(false);
        }
    }
}
