/* What `make measure` asks of the source of every page: the recommended rules of html-validate, but for these. */
export default {
    root: true,
    extends: ["html-validate:recommended"],
    rules: {
        // Pages are generated: a macro that has nothing to say leaves its line blank, and only browsers read it.
        "no-trailing-whitespace": "off",
        // One name that is sent several times is how HTML says a list: the articles of a refusal, from a select and boxes.
        "form-dup-name": "off",
        // What scrolls sideways takes the focus, hence needs a name and a role: a table's box, a block of code.
        "prefer-native-element": ["error", {exclude: ["region"]}],
    },
};
