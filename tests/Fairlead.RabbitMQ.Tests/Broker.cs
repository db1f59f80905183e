using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Fairlead.RabbitMQ.Tests;

/// <summary>A broker of this test run, started by eng/broker when a test first needs it, and stopped with the process.</summary>
/// <remarks>FAIRLEAD_BROKER names one that runs already: host:port.</remarks>
internal static class Broker
{
    public const string Scripts = "/usr/lib/rabbitmq/bin";

    private static readonly Lazy<string> Started = new(Start);
    private static int _names;

    static Broker() => RabbitMqTransport.Register();

    /// <summary>Why there is no broker, or null.</summary>
    public static string? Missing =>
        Environment.GetEnvironmentVariable("FAIRLEAD_BROKER") is { Length: > 0 }
        || File.Exists(Path.Combine(Environment.GetEnvironmentVariable("FAIRLEAD_RABBITMQ") ?? Scripts, "rabbitmq-server"))
            ? null
            : "RabbitMQ is not installed (Debian's package rabbitmq-server)";

    /// <summary>The node, as host:port.</summary>
    public static string Node => Started.Value;

    /// <summary>Returns an address whose queues no other test uses.</summary>
    public static Address NewAddress(string options = "", [CallerMemberName] string test = "") =>
        $"amqp://{Node}/?name={test}-{Environment.ProcessId}-{Interlocked.Increment(ref _names)}{options}";

    /// <summary>Runs eng/broker, and returns what it prints.</summary>
    public static string Run(params string[] arguments) => RunWith(null, arguments);

    /// <summary>The same, with further settings of the broker.</summary>
    public static string RunWith(string? settings, params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(Root(), "eng", "broker"), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["FAIRLEAD_BROKER_CONF"] = settings },
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException(
                $"eng/broker {string.Join(' ', arguments)} ended with {process.ExitCode}: {error.Result}");
    }

    private static string Start()
    {
        if (Environment.GetEnvironmentVariable("FAIRLEAD_BROKER") is { Length: > 0 } running)
        {
            return running;
        }

        string folder = Directory.CreateTempSubdirectory("fairlead-broker-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            Run("stop", folder);
            KeepLog(folder);
            Directory.Delete(folder, recursive: true);
        };
        return Run("start", folder);
    }

    // What the broker says of a session that was lost: the test that lost it does not know.
    private static void KeepLog(string folder)
    {
        string logs = Path.Combine(folder, "log");
        if (!Directory.Exists(logs))
        {
            return;
        }

        string results = Directory.CreateDirectory(Path.Combine(Root(), "artifacts/test-results")).FullName;
        foreach (string log in Directory.EnumerateFiles(logs, "*localhost.log"))
        {
            File.Copy(log, Path.Combine(results, "broker.log"), overwrite: true);
        }
    }

    public static string Root()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Fairlead.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("the repository is not found above the tests");
    }
}
