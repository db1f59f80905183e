namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker of a test's own, of one or several nodes, which the test may kill, stop and start.</summary>
internal sealed class BrokerCluster : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fairlead-broker-").FullName;

    /// <param name="nodes">The number of nodes.</param>
    /// <param name="settings">A file of further settings, or null.</param>
    public BrokerCluster(int nodes = 1, string? settings = null)
    {
        RabbitMqTransport.Register();
        Nodes = Broker.RunWith(settings, "start", _folder, $"{nodes}");
    }

    /// <summary>All nodes, as in an address.</summary>
    public string Nodes { get; }

    public Address Address(string name, string options = "") => $"amqp://{Nodes}/?name={name}{options}";

    /// <summary>Ends a node with SIGKILL; the first is 1.</summary>
    public void Kill(int node) => Broker.Run("kill", _folder, $"{node}");

    /// <summary>Starts a node again, with its data, and returns when it accepts connections.</summary>
    public void StartAgain(int node) => Broker.Run("again", _folder, $"{node}");

    /// <summary>Stops the broker on a node in order; resume starts it.</summary>
    public void Pause(int node) => Broker.Run("pause", _folder, $"{node}");

    public void Resume(int node) => Broker.Run("resume", _folder, $"{node}");

    /// <summary>Runs rabbitmqctl at the first node.</summary>
    public string Control(params string[] arguments) => Broker.Run(["ctl", _folder, "1", .. arguments]);

    public void Dispose()
    {
        Broker.Run("stop", _folder);
        Directory.Delete(_folder, recursive: true);
    }
}
