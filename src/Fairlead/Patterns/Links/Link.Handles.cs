namespace Fairlead.Patterns.Links;

/// <content>Open files that go with messages.</content>
internal sealed partial class Link
{
    private readonly HandleWindow _handles;

    /// <summary>Refuses a file that the peer did not ask for.</summary>
    public void CheckHandles()
    {
        if (_state != LinkState.Handshaking && _handles.ToPeer == 0)
        {
            throw LinkErrors.NoHandles(this);
        }
    }

    /// <summary>Whether the receiver has room for one more, and the connection for what goes with it.</summary>
    private bool HasPlaceFor(LinkOperation operation) => operation.Handle is null || (!_connection.HasLong && _handles.HasPlace);

    /// <summary>The message is about to be committed, and its file with it.</summary>
    private void Attach(LinkOperation operation)
    {
        if (operation.TakeHandle() is { } handle)
        {
            _connection.Handles!.Attach(handle);
            _handles.NoteSent(_window.LastNumber + 1);
        }
    }
}
