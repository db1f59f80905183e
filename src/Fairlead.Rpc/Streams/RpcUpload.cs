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

    /// <summary>Makes it of a stream of bytes, which remains the caller's.</summary>
    /// <param name="source">The bytes, from the position of the stream on.</param>
    public static RpcUpload Of(Stream source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return source.CanRead
            ? new Items<ReadOnlyMemory<byte>>(new Streams.ByteChunks(source, isOwned: false), Streams.ByteChunks.Write)
            : throw new ArgumentException("A stream that is sent must be readable.", nameof(source));
    }

    internal abstract Streams.IItemSource Begin(CancellationToken cancellationToken);

    private sealed class Items<T>(IAsyncEnumerable<T> items, RpcWrite<T> write) : RpcUpload
    {
        internal override Streams.IItemSource Begin(CancellationToken cancellationToken) =>
            new Streams.ItemSource<T>(items.GetAsyncEnumerator(cancellationToken), write);
    }
}
