namespace Fairlead.RabbitMQ.Tunnels;

/// <summary>The kinds of messages of a tunnel, in the property <c>type</c> of AMQP. <c>reply_to</c> is the queue of the sender.</summary>
/// <remarks>
/// <code>
/// Pair, connecting                          broker                          Hub or Pair, bound
///   own queue, with the broker's name                                        queue "NAME.connections", its own alone
///        │ open, data …, end      ──►  ( NAME.connections )  ──►                  │
///        │                        ◄──  ( amq.gen-… )         ◄──  data …, end     │
/// </code>
/// The bodies of <c>data</c>, one behind the other, are the byte stream of a connection, which is framed as over any socket.
/// </remarks>
internal static class TunnelKind
{
    /// <summary>The first message of a connection. No body.</summary>
    public const string Open = "open";

    /// <summary>Bytes of the stream.</summary>
    public const string Data = "data";

    /// <summary>The sender sends no more. No body.</summary>
    public const string End = "end";

    /// <summary>The connection does not exist any more. No body.</summary>
    public const string Reset = "reset";
}
