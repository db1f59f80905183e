using Fairlead.Rpc;

namespace Fairlead.Cli.Tour.Patterns;

/// <summary>The contract of the rows with remote procedure calls. A message is one of the tour: envelope and content.</summary>
[RpcContract(Name = "Tour")]
internal interface ITourService
{
    /// <summary>Returns the message. Blocks.</summary>
    ReadOnlyMemory<byte> Echo(ReadOnlyMemory<byte> message);

    /// <summary>Takes messages until their end, and returns their number.</summary>
    ValueTask<int> TakeAsync(IAsyncEnumerable<ReadOnlyMemory<byte>> messages, CancellationToken cancellationToken = default);

    /// <summary>Sends the input.</summary>
    IAsyncEnumerable<ReadOnlyMemory<byte>> SendAsync(CancellationToken cancellationToken = default);

    /// <summary>Has the caller's object echo the input.</summary>
    ValueTask CallBackAsync(ITourObject target, CancellationToken cancellationToken = default);
}

/// <summary>The contract of an object at the client.</summary>
[RpcContract(Name = "TourObject")]
internal interface ITourObject
{
    /// <summary>Returns the message.</summary>
    ValueTask<ReadOnlyMemory<byte>> EchoAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken = default);
}
