namespace Fairlead.Patterns.Links;

/// <content>Open files that go with messages: how many may be under way, which the receiver says.</content>
internal sealed partial class Link
{
    // The numbers of the messages with files that are not acknowledged. Under the send lock.
    private Queue<uint>? _handlesOut;
    private int _handlesToPeer;
    private int _handlesIn;
    private int _handlesUntold;

    /// <summary>Refuses a file that the peer did not ask for.</summary>
    public void CheckHandles()
    {
        if (_state != LinkState.Handshaking && _handlesToPeer == 0)
        {
            throw NoHandles();
        }
    }

    private FairleadException NoHandles() =>
        new(ErrorCode.NotSupported, "the receiver takes no open files", "Give it ?handles=16, the number that it will hold unread.") { Address = _endpoint.Address, Peer = Peer };

    /// <summary>Whether the receiver has room for one more, and the connection for what goes with it.</summary>
    private bool HasPlaceFor(LinkOperation operation) =>
        operation.Handle is null || (!_connection.HasLong && (_handlesOut?.Count ?? 0) < _handlesToPeer);

    /// <summary>The message is about to be committed, and its file with it.</summary>
    private void Attach(LinkOperation operation)
    {
        if (operation.TakeHandle() is { } handle)
        {
            _connection.Handles!.Attach(handle);
            (_handlesOut ??= new Queue<uint>()).Enqueue(LastNumber + 1);
        }
    }

    /// <summary>Behind an acknowledgement. Under <c>_sending</c>.</summary>
    private void ForgetHandles()
    {
        while (_handlesOut is { Count: > 0 } handles && (int)(_acknowledged - handles.Peek()) >= 0)
        {
            handles.Dequeue();
        }
    }

    /// <summary>One was handed to the user. Under the endpoint's gate.</summary>
    private void UncountHandle()
    {
        Interlocked.Decrement(ref _handlesIn);
        Interlocked.Increment(ref _handlesUntold);
    }

    /// <summary>Whether the peer, who may wait for it, is to be told at once how many were handed out: a quarter of those that it may have here.</summary>
    private bool ShouldTellHandles => Volatile.Read(ref _handlesUntold) is > 0 and int untold && 4 * untold >= _endpoint.Settings.Handles;

    /// <summary>One has come. By the pump.</summary>
    private void CountHandle()
    {
        if (Interlocked.Increment(ref _handlesIn) > _endpoint.Settings.Handles)
        {
            throw new FairleadException(ErrorCode.Corrupt, "the peer sent more open files than it was allowed to");
        }
    }
}
