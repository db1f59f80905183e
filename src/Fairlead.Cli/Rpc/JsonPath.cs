using System.Globalization;

namespace Fairlead.Cli.Rpc;

/// <summary>The place of a value in a JSON text, for errors: <c>$.items[2].price</c>.</summary>
internal sealed class JsonPath
{
    private readonly List<string> _steps = ["$"];

    public void Enter(string name) => _steps.Add(
        name.Length > 0 && name.All(static letter => char.IsLetterOrDigit(letter) || letter == '_') ? $".{name}" : $"[\"{name}\"]");

    public void Enter(int index) => _steps.Add(string.Create(CultureInfo.InvariantCulture, $"[{index}]"));

    /// <summary>Enters an argument, as the call names it.</summary>
    public void Enter(MemberCall member, int parameter)
    {
        if (member.Parameters is { } named)
        {
            Enter(named[parameter].Name);
        }
        else
        {
            Enter(parameter);
        }
    }

    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    public override string ToString() => string.Concat(_steps);
}
