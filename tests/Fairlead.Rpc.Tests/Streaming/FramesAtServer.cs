using Fairlead.Rpc.Calls;
using Fairlead.Rpc.Tests.Contracts;
using Fairlead.Testing;
using Client = Fairlead.Peer;

namespace Fairlead.Rpc.Tests.Streaming;

/// <summary>A dispatcher of <see cref="IStreams"/> that gets frames by hand. At its end, all of them have been handled.</summary>
internal sealed class FramesAtServer(RpcServerOptions options) : IDisposable
{
    public static readonly TimeSpan Watchdog = TimeSpan.FromMinutes(1);
    private static readonly RpcContract<IStreams> Contract = RpcContracts.Of<IStreams>();

    private readonly CallDispatcher _dispatcher = new(Contract.Description, Contract.CreateSkeleton(new Contracts.Streams()), options);
    private readonly List<HandmadeRequest> _requests = [];
    private readonly List<Task> _handled = [];

    public void Dispose()
    {
        _requests.ForEach(static request => request.Cancel());
        Assert.True(Task.WhenAll(_handled).ContinueWith(static _ => { }, TaskScheduler.Default).Wait(Watchdog));
        _requests.ForEach(static request => request.Dispose());
        _dispatcher.Dispose();
    }

    /// <summary>The frame that opens a call which produces nothing, and reads nothing.</summary>
    public static byte[] Open(Guid id)
    {
        int member = Contract.Description.Members.Index().Single(static one => one.Item.Name == nameof(IStreams.SilentAsync)).Index;
        RpcWriter call = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            Frames.WriteOpen(ref call, (ushort)member, Contract.Description.Hash, id);
            return call.Written.ToArray();
        }
        finally
        {
            call.Dispose();
        }
    }

    public (HandmadeRequest Request, Task Handled) Handle(byte[] frame, Client? client = null)
    {
        var request = HandmadeRequest.Create(frame, client);
        Task handled = _dispatcher.HandleAsync(request.Request, request.Context).AsTask();
        _requests.Add(request);
        _handled.Add(handled);
        return (request, handled);
    }

    /// <summary>The connection of a client has ended.</summary>
    public void Leave(Client client) => _dispatcher.Leave(client);

    /// <summary>Handles a frame until it has been answered.</summary>
    public async Task<HandmadeRequest> AnswerAsync(byte[] frame, Client? client = null)
    {
        (HandmadeRequest request, Task handled) = Handle(frame, client);
        await handled.WaitAsync(Watchdog);
        return request;
    }
}
