namespace Fairlead.Bench.Contenders;

/// <summary>The names of Fairlead's contenders, and their options.</summary>
internal static class Naming
{
    public static string Of(string what, string scheme, params string[] details) =>
        string.Join(", ", [what, .. scheme == "unix" ? (string[])[] : [scheme], .. details.Where(detail => detail.Length > 0)]);

    public static string Options(string waiting, string capacity = "")
    {
        string[] options =
        [
            .. waiting.Length > 0 ? (string[])[$"waiting={waiting}"] : [],
            .. capacity.Length > 0 ? (string[])[$"capacity={capacity}"] : [],
        ];
        return options.Length == 0 ? "" : $"?{string.Join('&', options)}";
    }
}
