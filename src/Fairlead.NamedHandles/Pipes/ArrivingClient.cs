using System.IO.Pipes;
using Fairlead.Native;
using Fairlead.Native.Waiting;

namespace Fairlead.NamedHandles.Pipes;

/// <summary>A connection that has not said yet that it is a client.</summary>
/// <remarks>Belongs to the entrance, which disposes it unless it takes over the socket.</remarks>
internal sealed class ArrivingClient(PipeEntrance entrance, Descriptor socket) : IReactorClient, IDisposable
{
    private Registration? _registration;
    private bool _isReleased;

    /// <summary>The direction that the client asked for.</summary>
    public PipeDirection Direction { get; private set; }

    /// <summary>The connected socket.</summary>
    public Descriptor Socket => socket;

    /// <summary>Waits for the first words of the client.</summary>
    public void Begin()
    {
        _registration = Reactor.Shared.Register(socket, this);
        _registration.Arm(PollEvents.Read);
    }

    /// <summary>Hands over the socket.</summary>
    public Descriptor Release()
    {
        _isReleased = true;
        _registration?.Dispose();
        return socket;
    }

    public void Dispose()
    {
        if (!_isReleased)
        {
            _registration?.Dispose();
            socket.Dispose();
        }
    }

    void IReactorClient.OnReady(PollEvents events)
    {
        Span<byte> words = stackalloc byte[PipeGreeting.ClientLength];
        IoResult read = socket.Read(words);
        if (read.WouldBlock)
        {
            _registration!.Arm(PollEvents.Read);
        }
        else if (read.Ok && PipeGreeting.TryReadClient(words[..read.Count], out PipeDirection direction))
        {
            Direction = direction;
            entrance.Greet(this);
        }
        else
        {
            entrance.Drop(this);
        }
    }

    void IReactorClient.OnFailed(Exception exception) => entrance.Drop(this);
}
