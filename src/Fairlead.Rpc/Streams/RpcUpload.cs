using System.ComponentModel;

namespace Fairlead.Rpc;

/// <summary>A parameter that is a stream, at the caller. Generated code makes it.</summary>
[EditorBrowsable(EditorBrowsableState.Advanced)]
public abstract class RpcUpload
{
    private protected RpcUpload()
    {
    }

    /// <summary>Makes it.</summary>
    /// <param name="items">The items; enumerated once for each call.</param>
    /// <param name="write">Marshals an item.</param>
    public static RpcUpload Of<T>(IAsyncEnumerable<T> items, RpcWrite<T> write)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(write);
        return new Items<T>(items, write);
    }

    internal abstract Streams.IItemSource Begin(CancellationToken cancellationToken);

    private sealed class Items<T>(IAsyncEnumerable<T> items, RpcWrite<T> write) : RpcUpload
    {
        internal override Streams.IItemSource Begin(CancellationToken cancellationToken) =>
            new Streams.ItemSource<T>(items.GetAsyncEnumerator(cancellationToken), write);
    }
}
