using System.CommandLine;
using System.Text.Json;
using Fairlead.Cli.Output;
using Fairlead.Cli.Rpc;
using Fairlead.Rpc;

namespace Fairlead.Cli.Commands;

/// <summary>Prints the contract of a service.</summary>
internal sealed class DescribeCommand : ToolCommand
{
    private readonly ServiceTarget _target;
    private readonly Option<string> _output = NewOption.Output("text", "json");

    public DescribeCommand()
        : base("describe", "Print the contract of a service as C#")
    {
        _target = ServiceTarget.AddTo(this).AddOptionsTo(this);
        Add(_output);
        Examples =
        [
            ("fairlead describe calc", "Print the members, and the types that they name"),
            ("fairlead describe unix://calc", "Describe the service at an address"),
            ("fairlead describe calc --output json > calc.json", "Save it, for fairlead diff"),
        ];
    }

    protected override async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        RpcDescription contract;
        await using (RpcConnection connection = await _target.OpenAsync(parsed, cancellationToken))
        {
            contract = connection.Description;
        }

        if (parsed.GetRequiredValue(_output) == "json")
        {
            StandardOutput.WriteLine(JsonSerializer.Serialize(ContractLine.Of(contract), OutputJson.Readable.ContractLine));
            return ExitCode.Ok;
        }

        StandardOutput.WriteLine(
            VisibleText.OneLine($"// {_target.Service(parsed)}: {contract.Name}, hash {InstanceLine.HashOf(contract.Hash)}"));
        foreach (string line in contract.ToString().Split('\n'))
        {
            StandardOutput.WriteLine(VisibleText.OneLine(line));
        }

        return ExitCode.Ok;
    }
}
