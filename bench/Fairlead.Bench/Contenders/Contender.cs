using System.Diagnostics;

namespace Fairlead.Bench.Contenders;

/// <summary>
/// One way to do what a scenario measures. A contender has two halves, which run in two processes: <see cref="Serve"/> in one, what
/// <see cref="Contender{TClient}.Connect"/> returns in the other. To add one, write such a class and name it in <see cref="Rows"/>.
/// </summary>
internal abstract class Contender(string name)
{
    public string Name { get; } = name;

    /// <summary>
    /// The ratio to the baseline that it is meant to reach: at most this for a time, at least this for a rate. Shown, never enforced.
    /// </summary>
    public double? Goal { get; init; }

    /// <summary>Why the contender cannot be measured here; null if it can.</summary>
    public virtual string? Missing => null;

    /// <summary>The program that plays this role if it is not this one; it follows the protocol of <see cref="Running.Worker"/>.</summary>
    public virtual ProcessStartInfo? Program(string role, Session session) => null;

    /// <summary>Serves one client until it leaves. Calls <paramref name="listening"/> as soon as a client may connect.</summary>
    public abstract void Serve(Session session, Action listening);
}

/// <summary>A contender whose client can do <typeparamref name="TClient"/>.</summary>
internal abstract class Contender<TClient>(string name) : Contender(name)
    where TClient : IDisposable
{
    /// <summary>Connects to the server, which is listening.</summary>
    public abstract TClient Connect(Session session);
}

/// <summary>The data that both halves share.</summary>
/// <param name="Name">The name of this pair only, in the run's private runtime directory.</param>
/// <param name="MessageSize">Bytes of each message.</param>
internal sealed record Session(string Name, int MessageSize)
{
    /// <summary>The scheme's address of the name, with options.</summary>
    public string AddressOf(string scheme, string options = "") =>
        scheme == "amqp" ? $"amqp://{BrokerNode.Name}/?name={BrokerNode.QueueOf(this)}{options}" : $"{scheme}://{Name}{options}";

    /// <summary>The path for those that do not know what a name is.</summary>
    public string SocketPath => Path.Combine(Directory, Name + ".socket");

    /// <summary>The run's directory.</summary>
    public string Directory { get; init; } = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR") ?? Path.GetTempPath();
}
