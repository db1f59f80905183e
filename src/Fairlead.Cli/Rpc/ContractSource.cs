using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>Loads a contract: of a live service, by name or address, or a saved description.</summary>
internal static class ContractSource
{
    private const int MostBytes = 64 << 20;

    /// <summary>Loads it. A text with a slash, or .json at its end, is a file, unless it is an address.</summary>
    /// <param name="source">The service or the file.</param>
    /// <param name="name">The contract to take from a source that has several; null: there is one.</param>
    /// <param name="timeout">How long the service may take to answer; null: no limit.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="ToolException">The file is none, or holds no description, or there are several contracts.</exception>
    public static async ValueTask<RpcDescription> LoadAsync(
        string source, string? name, TimeSpan? timeout, CancellationToken cancellationToken) => ContractChoice.Single(
        ContractChoice.Named(await LoadAllAsync(source, timeout, cancellationToken), name, source), source);

    private static async ValueTask<IReadOnlyList<RpcDescription>> LoadAllAsync(
        string source, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        bool isAddress = source.Contains("://", StringComparison.Ordinal);
        if (!isAddress && (source.Contains('/') || source.EndsWith(".json", StringComparison.OrdinalIgnoreCase)))
        {
            return Read(source);
        }

        try
        {
            await using RpcConnection connection = await ServiceConnection.OpenAsync(source, TimeSpan.Zero, timeout, cancellationToken);
            return await connection.DescribeAsync(cancellationToken);
        }
        catch (FairleadException missing) when (missing.Code == ErrorCode.NotFound && !isAddress && File.Exists(source))
        {
            throw new ToolException(ExitCode.NotFound, $"{missing.Message} If the file of that name is meant, write ./{source}");
        }
    }

    private static List<RpcDescription> Read(string path)
    {
        if (new FileInfo(path) is { Exists: true, Length: > MostBytes })
        {
            throw ToolException.Usage($"{path} is not a saved description: it is too large");
        }

        try
        {
            // A line for each contract of the service.
            Utf8JsonReader json = new(File.ReadAllBytes(path), new JsonReaderOptions { AllowMultipleValues = true });
            List<RpcDescription> saved = [];
            while (saved.Count == 0 || json.Read())
            {
                saved.Add(Read(ref json));
            }

            return saved;
        }
        catch (Exception wrong) when (wrong is JsonException or ArgumentException)
        {
            throw ToolException.Usage($"{path} is not a saved description, as fairlead describe --output json writes it: {wrong.Message}");
        }
    }

    private static RpcDescription Read(ref Utf8JsonReader json)
    {
        ContractLine saved = JsonSerializer.Deserialize(ref json, OutputJson.Readable.ContractLine)
            ?? throw new JsonException("it is null");
        bool isWhole = saved is { Name.Length: > 0, Members: not null }
            && (saved.Types ?? []).All(static type => type is not null)
            && saved.Members.All(static member => member is { Name: not null, Declaration: not null, Shape: not null });
        return isWhole
            ? saved.ToDescription()
            : throw new JsonException("a name, a declaration or a shape is missing");
    }
}
