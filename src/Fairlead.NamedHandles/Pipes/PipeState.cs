namespace Fairlead.NamedHandles.Pipes;

/// <summary>The state of a stream.</summary>
internal enum PipeState
{
    /// <summary>It has not been connected yet.</summary>
    Waiting,

    /// <summary>It is connected, as far as it is known.</summary>
    Connected,

    /// <summary>The other end is gone.</summary>
    Broken,

    /// <summary>The server has disconnected its client.</summary>
    Disconnected,

    /// <summary>It is disposed.</summary>
    Closed,
}
